import type { Api } from '../../examples/demo/api';

/** All that is in quarantine on the server, page by page. */
export async function listServerQuarantine(admin: Api): Promise<Array<{ id: string }>> {
  const items: Array<{ id: string }> = [];
  let token = '';
  do {
    const { body } = await admin.get(`/quarantine?page_size=200${token}`);
    items.push(...body.items);
    token = body.next_page_token ? `&page_token=${encodeURIComponent(body.next_page_token)}` : '';
  } while (token !== '');
  return items;
}

import { type QuarantineAnswer, quarantinePageSchema } from '../../contracts/api';
import { answered, holds, same } from './expectations';
import type { Lab } from './lab';

/** Pages of the list that are looked through; the latest come first. */
const PAGES = 5;

/** Waits until people can see the receipt as one to decide on. Throws Mismatch. */
export async function isListed(
  { staff, until }: Pick<Lab, 'staff' | 'until'>,
  id: unknown,
  receipt: { epoch: number; summary: string; holder?: string },
) {
  holds('a quarantine_id in the refusal of a late receipt', typeof id === 'string', id ?? 'none');
  const item = await until(`${id} in the list of late receipts`, () => find(staff, id));
  const told = { epoch: item.epoch, summary: item.receipt.summary, decision: item.decision };
  same('the late receipt', { epoch: receipt.epoch, summary: receipt.summary, decision: 'open' }, told);
  if (receipt.holder) same('who handed it in', `agent:${receipt.holder}`, item.holder);
}

async function find(staff: Lab['staff'], id: string): Promise<QuarantineAnswer | null> {
  let token: string | null = null;
  for (let page = 0; page < PAGES; page++) {
    const more: string = token === null ? '' : `&page_token=${encodeURIComponent(token)}`;
    const answer = await staff.get(`/quarantine?page_size=200${more}`);
    const read = answered('the list of late receipts', answer, 200, quarantinePageSchema);
    const found = read.items.find((item) => item.id === id);
    if (found) return found;
    token = read.next_page_token;
    if (token === null) return null;
  }
  return null;
}

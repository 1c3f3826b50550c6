/** Deliveries as forges send them: headers and signature made here, by the rules of each forge. */
import { createHmac, randomUUID } from 'node:crypto';
import type { ForgeKind } from '../../contracts/forge';

export const WEBHOOK_SECRET = 'a secret of webhooks, for tests';

export const hmac = (secret: string, content: string | Uint8Array) =>
  createHmac('sha256', secret).update(content).digest('hex');

export interface DeliveryOptions {
  id?: string;
  secret?: string;
  contentType?: string;
  /** Instead of what is sent. */
  signed?: string | Uint8Array;
}

/** All the headers that a forge of this kind sends with a body. */
export function deliveryHeaders(
  kind: ForgeKind,
  event: string,
  body: string | Uint8Array,
  options: DeliveryOptions = {},
): Record<string, string> {
  const id = options.id ?? randomUUID();
  const { secret = WEBHOOK_SECRET, contentType = 'application/json' } = options;
  const signature = secret === '' ? '' : hmac(secret, options.signed ?? body);
  const github = {
    'content-type': contentType,
    'x-github-delivery': id,
    'x-github-event': event,
    'x-hub-signature-256': `sha256=${signature}`,
  };
  if (kind === 'github') return github;
  const gitea = {
    ...github,
    'x-gitea-delivery': id,
    'x-gitea-event': event,
    'x-gitea-signature': signature,
  };
  if (kind === 'gitea') return gitea;
  return { ...gitea, 'x-forgejo-delivery': id, 'x-forgejo-event': event, 'x-forgejo-signature': signature };
}

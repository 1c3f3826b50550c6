/** A config with one source of each kind, named like its kind, and what delivers to them. */
import type { ForgeKind } from '../../contracts/forge';
import { type DeliveryOptions, deliveryHeaders, WEBHOOK_SECRET } from './deliveries';

const secret = { from_env: 'WEBHOOK_SECRET' };
const source = (kind: ForgeKind, more: object) => ({
  kind,
  url: 'https://forge.example',
  token: { from_env: 'TOKEN' },
  webhook_secret: secret,
  ...more,
});

/** For `startTestApi`. */
export const withForges = (more: object = {}) => ({
  config: {
    forges: {
      forgejo: source('forgejo', more),
      gitea: source('gitea', more),
      github: source('github', more),
    },
  },
  variables: { WEBHOOK_SECRET },
});

export interface Delivered {
  kind: ForgeKind;
  event: string;
  body: string | Uint8Array<ArrayBuffer>;
  options?: DeliveryOptions;
  /** Besides those of the delivery; an empty one replaces what would be sent. */
  headers?: Record<string, string>;
  source?: string;
}

/** As the forge of this kind does it. */
export async function deliver(url: string, { kind, event, body, options, headers, source }: Delivered) {
  const answer = await fetch(`${url}/webhooks/${kind}/${source ?? kind}`, {
    method: 'POST',
    headers: { ...deliveryHeaders(kind, event, body, options), ...headers },
    body,
  });
  const text = await answer.text();
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    retryAfter: answer.headers.get('retry-after'),
    body: text === '' ? null : JSON.parse(text),
  };
}

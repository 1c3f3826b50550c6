/** Who says to deliver, and what: all that can be refused before the body is read. */
import type { FastifyRequest } from 'fastify';
import type { ForgeKind, SourceConfig } from '../../contracts/forge';
import type { ApiContext } from '../context';
import { ApiProblem } from '../problems';
import { deliveryHeaders } from './delivery-headers';
import { signatureHeader, signatureOf } from './signature';

export interface Announced {
  /** Its name. */
  source: string;
  kind: ForgeKind;
  config: SourceConfig;
  secret: string;
  /** 64 hex digits, not checked yet. */
  signature: string;
  deliveryId: string;
  event: string;
}

/** Throws 404, 401 or 400. A source of another kind is answered like one that is not there. */
export function announced(sources: ApiContext['webhooks'], { params, headers }: FastifyRequest): Announced {
  const { kind: given, source } = params as { kind: string; source: string };
  const found = sources.get(source);
  if (found === undefined || found.config.kind !== given) {
    throw new ApiProblem(404, 'source_not_found', 'there is no such source of this kind in the config file');
  }
  const { config, webhookSecret: secret } = found;
  const { kind } = config;
  const signature = signatureOf(kind, headers);
  if (signature === null) {
    throw unsigned('signature_missing', `expected a signature in the header ${signatureHeader(kind)}`);
  }
  const said = deliveryHeaders(kind, headers);
  if ('bad' in said) {
    throw new ApiProblem(400, 'invalid_request', `expected the header ${said.bad} as ${kind} sends it`);
  }
  return { source, kind, config, secret, signature, ...said };
}

export const unsigned = (code: 'signature_missing' | 'signature_invalid', detail: string) =>
  new ApiProblem(401, code, detail, { headers: { 'www-authenticate': 'HMAC-SHA256 realm="signalbox"' } });

import { ApiProblem } from '../problems';
import { type Announced, unsigned } from './announced';
import { isSigned } from './signature';
import { signedContent } from './signed-content';

/** The JSON of a delivery, parsed after its signature was found good. Throws 401, 400. */
export function verifiedPayload(
  { kind, secret, signature }: Pick<Announced, 'kind' | 'secret' | 'signature'>,
  contentType: string | undefined,
  body: unknown,
): unknown {
  const content = signedContent(kind, contentType, Buffer.isBuffer(body) ? body : new Uint8Array());
  if (content === null || !isSigned(secret, content.signed, signature)) {
    throw unsigned(
      'signature_invalid',
      'the signature does not fit the body: the secret of the webhook is another one than that of this source',
    );
  }
  try {
    return JSON.parse(content.json);
  } catch {
    throw new ApiProblem(400, 'invalid_json', 'the body is not JSON');
  }
}

import { describe, expect, it } from '@jest/globals';
import { commandLine } from '../../../api/webhooks/command-line';
import { deliveryHeaders as read } from '../../../api/webhooks/delivery-headers';
import { isSigned, signatureOf } from '../../../api/webhooks/signature';
import { signedContent } from '../../../api/webhooks/signed-content';
import { FORGE_KINDS } from '../../../contracts/forge';
import { deliveryHeaders, hmac, WEBHOOK_SECRET } from '../../helpers/deliveries';

const BODY = '{"action":"opened","text":"Grüße + 1 & 2"}';
const hex = hmac(WEBHOOK_SECRET, BODY);

describe('the signature', () => {
  it.each(FORGE_KINDS)('of %s is found in its own header, and fits', (kind) => {
    const found = signatureOf(kind, deliveryHeaders(kind, 'issues', BODY));
    expect(found).toBe(hex);
    expect(isSigned(WEBHOOK_SECRET, Buffer.from(BODY), found ?? '')).toBe(true);
  });

  it.each(FORGE_KINDS)('of %s is none when its hook has no secret', (kind) => {
    expect(signatureOf(kind, deliveryHeaders(kind, 'issues', BODY, { secret: '' }))).toBeNull();
  });

  it.each([
    ['forgejo', 'x-forgejo-signature', [undefined, '', 'x', hex.toUpperCase(), `sha256=${hex}`, `${hex}0`]],
    ['forgejo', 'x-forgejo-signature', [hex.slice(1), ` ${hex}`, `${hex}, ${hex}`, `${hex}\n`]],
    ['gitea', 'x-gitea-signature', ['', 'sha256=', hex.slice(2)]],
    ['github', 'x-hub-signature-256', [undefined, '', 'sha256=', hex, `sha1=${hex}`, `sha256=${hex}0`]],
  ] as const)('of %s is none when the header %s is odd', (kind, header, values) => {
    for (const value of values)
      expect([value, signatureOf(kind, { [header]: value })]).toEqual([value, null]);
  });

  it('of one forge does not count for another', () => {
    expect(
      signatureOf('forgejo', { 'x-gitea-signature': hex, 'x-hub-signature-256': `sha256=${hex}` }),
    ).toBeNull();
    expect(signatureOf('gitea', { 'x-hub-signature-256': `sha256=${hex}` })).toBeNull();
    expect(signatureOf('github', { 'x-forgejo-signature': hex })).toBeNull();
  });

  it.each([
    ['another secret', 'other', BODY, hex],
    ['another body', WEBHOOK_SECRET, `${BODY} `, hex],
    ['another signature', WEBHOOK_SECRET, BODY, hex.replace(/^./, (c) => (c === '0' ? '1' : '0'))],
    ['no signature', WEBHOOK_SECRET, BODY, ''],
    ['half of it', WEBHOOK_SECRET, BODY, hex.slice(0, 32)],
    ['no secret, signed with none', '', BODY, hmac('', BODY)],
  ])('does not fit with %s', (_, secret, body, signature) => {
    expect(isSigned(secret, Buffer.from(body), signature)).toBe(false);
  });
});

describe('what is signed', () => {
  const form = `payload=${encodeURIComponent(BODY).replaceAll('%20', '+')}`;
  const type = 'application/x-www-form-urlencoded';

  it.each(FORGE_KINDS)('of JSON by %s is the bytes', (kind) => {
    const found = signedContent(kind, 'application/json; charset=utf-8', Buffer.from(BODY));
    expect(found).toEqual({ signed: Buffer.from(BODY), json: BODY });
  });

  it.each([
    ['forgejo', BODY],
    ['gitea', BODY],
    ['github', form],
  ] as const)('of a form by %s', (kind, signed) => {
    const found = signedContent(kind, `${type};charset=utf-8`, Buffer.from(form));
    expect(found?.json).toBe(BODY);
    expect(Buffer.from(found?.signed ?? []).toString()).toBe(signed);
  });

  it.each([
    '',
    'payload',
    'x=1',
    `${form}&x=1`,
    `x=1&${form}`,
    `${form}&${form}`,
    'payload=%',
    'payload=%E0%A4%A',
  ])('is nothing in the form %j', (text) => {
    for (const kind of FORGE_KINDS) expect(signedContent(kind, type, Buffer.from(text))).toBeNull();
  });
});

describe('the headers', () => {
  it.each(FORGE_KINDS)('of %s name delivery and event', (kind) => {
    const headers = deliveryHeaders(kind, 'issues', BODY, { id: '72d3162e-cc78-11e3-81ab-4c9367dc0958' });
    expect(read(kind, headers)).toEqual({
      deliveryId: '72d3162e-cc78-11e3-81ab-4c9367dc0958',
      event: 'issues',
    });
  });

  it.each(['', 'a/b', '..', '-x', 'a b', 'a, b', 'ü', 'x'.repeat(65)])(
    'are refused with the delivery %j',
    (id) => {
      const headers = { ...deliveryHeaders('gitea', 'issues', BODY), 'x-gitea-delivery': id };
      expect(read('gitea', headers)).toEqual({ bad: 'x-gitea-delivery' });
    },
  );

  it.each(['', 'Issues', 'a-b', 'issues, issues', 'x'.repeat(65)])(
    'are refused with the event %j',
    (event) => {
      const headers = { ...deliveryHeaders('github', 'issues', BODY), 'x-github-event': event };
      expect(read('github', headers)).toEqual({ bad: 'x-github-event' });
    },
  );

  it('of one forge do not count for another', () => {
    expect(read('forgejo', deliveryHeaders('gitea', 'issues', BODY))).toEqual({ bad: 'x-forgejo-delivery' });
  });
});

describe('a command in a comment', () => {
  it.each([
    ['/signalbox retry', '/signalbox retry'],
    ['/signalbox', '/signalbox'],
    ['  /signalbox assign ada  \r\nplease', '/signalbox assign ada'],
    ['first\n\n/signalbox cancel\n/signalbox retry', '/signalbox cancel'],
    ['```\n/signalbox cancel\n```\n/signalbox retry', '/signalbox retry'],
    [`/signalbox ${'x'.repeat(489)}`, `/signalbox ${'x'.repeat(489)}`],
  ])('%j is %j', (comment, command) => {
    expect(commandLine(comment)).toBe(command);
  });

  it.each([
    '',
    'signalbox retry',
    'please /signalbox retry',
    '> /signalbox retry',
    '    /signalbox retry',
    '/signalboxes retry',
    '/Signalbox retry',
    '~~~\n/signalbox retry\n~~~',
    `/signalbox ${'x'.repeat(490)}`,
  ])('is not in %j', (comment) => {
    expect(commandLine(comment)).toBeNull();
  });
});

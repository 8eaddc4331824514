import { etagOf, readWritePrecondition } from '../../../lambdas/http/etag';

function read(headers: Readonly<Record<string, string>>) {
  return readWritePrecondition((name) => headers[name]);
}

test.each([
  [{ 'if-none-match': '*' }, { kind: 'create' }],
  [{ 'if-match': etagOf(3) }, { kind: 'replace', version: 3 }],
  [{ 'if-match': ' "0" ' }, { kind: 'replace', version: 0 }],
  [{ 'if-match': 'W/"3"' }, { kind: 'never' }],
  [{ 'if-match': '3' }, { kind: 'never' }],
  [{ 'if-match': '"03"' }, { kind: 'never' }],
  [{ 'if-match': '"1", "2"' }, { kind: 'never' }],
])('%j is read as %j', (headers, expected) => {
  expect(read(headers)).toEqual(expected);
});

test.each([
  [{}, 428, 'PRECONDITION_REQUIRED'],
  [{ 'if-match': '' }, 428, 'PRECONDITION_REQUIRED'],
  [{ 'if-match': '*' }, 400, 'INVALID_REQUEST'],
  [{ 'if-none-match': '"3"' }, 400, 'INVALID_REQUEST'],
  [{ 'if-none-match': '*', 'if-match': '"1"' }, 400, 'INVALID_REQUEST'],
])('%j is refused with %i', (headers, status, code) => {
  expect(read(headers)).toMatchObject({ kind: 'refused', reply: { status, body: { code } } });
});

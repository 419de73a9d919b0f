// JSON over HTTP, as the scripts need it.

export class HttpError extends Error {
  constructor(url, status, body) {
    super(`${url} answered ${status}: ${body.slice(0, 300)}`);
    this.status = status;
    this.body = body;
  }
}

export async function request(url, { method = "GET", body, headers = {}, timeoutMillis = 10_000 } = {}) {
  const response = await fetch(url, {
    method,
    body,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    signal: AbortSignal.timeout(timeoutMillis),
  });
  const text = await response.text();
  if (!response.ok) throw new HttpError(url, response.status, text);
  return text === "" ? null : JSON.parse(text);
}

/** The bytes of a request that a server of ours was sent. */
export async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

/** A JSON-RPC call; throws what the node answered. */
export async function rpc(url, method, params = []) {
  const { result, error } = await request(url, { method: "POST", body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }) });
  if (error) throw new Error(`${method}: ${error.message} (${error.code})`);
  return result;
}

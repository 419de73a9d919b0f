// Names of the request/response protocol that the beacon node imports at load time. The local network has no beacon
// p2p: none of these is ever called.
export const Encoding = { SSZ_SNAPPY: "ssz_snappy" };
export const ContextBytesType = { Empty: 0, ForkDigest: 1 };
export const RespStatus = { SUCCESS: 0, INVALID_REQUEST: 1, SERVER_ERROR: 2, RESOURCE_UNAVAILABLE: 3, RATE_LIMITED: 139 };
export const LightClientServerErrorCode = { RESOURCE_UNAVAILABLE: "RESOURCE_UNAVAILABLE" };
export const REQUEST_ERROR_CLASS_NAME = "RequestError";
export const RESPONSE_ERROR_CLASS_NAME = "ResponseError";
/** Every code is its own name. */
export const RequestErrorCode = new Proxy({}, { get: (_target, name) => String(name) });

export class RequestError extends Error {
  constructor(type) {
    super(type?.code);
    this.type = type;
  }
}

export class ResponseError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export class ReqResp {}

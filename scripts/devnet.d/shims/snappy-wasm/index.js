// The compressor of gossip and request/response traffic. The local network has no beacon p2p, so nothing ever calls it.
export class Encoder {}
export class Decoder {}
export default { Encoder, Decoder };

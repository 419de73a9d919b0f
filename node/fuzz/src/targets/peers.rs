//! What peers say of themselves, in discovery and at the handshake, and the fields of what they gossip.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use network::strangers::{self, ReadRecord};
use network::{PeerId, SubnetBits};

/// Some peer: the SHA-256 multihash of nothing in particular.
fn somebody() -> PeerId {
    let bytes = [&[0x12, 0x20][..], &[7; 32]].concat();
    PeerId::from_bytes(&bytes).expect("a multihash is a peer's id")
}

/// Author and signature, as the first byte says, then the data.
pub fn author(bytes: &[u8]) {
    let Some((how, data)) = bytes.split_first() else { return };
    let (has_author, has_signature) = (how & 1 == 1, how & 2 == 2);
    let author = has_author.then(|| PeerId::from_bytes(data).unwrap_or_else(|_| somebody()));
    let signature = has_signature.then(|| data.to_vec());
    let passed = strangers::gossip(author, signature, data.to_vec());
    assert_eq!(passed.is_some(), has_author && !has_signature, "an author and no signature");
    assert!(passed.is_none_or(|passed| passed == data), "the data is what was sent");
    assert_eq!(network::message_id(data), network::message_id(data));
    if let Some(id) = validation::claimed_id(data) {
        assert!(data.windows(types::MessageId::LEN).any(|window| window == id.0));
    }
}

/// A handshake before its signature is checked: nobody but the signer may say it.
pub fn handshake(bytes: &[u8]) {
    assert!(!strangers::handshake(bytes, &somebody()), "a stranger's handshake under another's name");
    // With a good signature, any payload is read.
    if let Some((sealed, signer)) = strangers::sealed(bytes.to_vec()) {
        let is_read = strangers::handshake(&sealed, &signer);
        assert_eq!(is_read, strangers::node_info(bytes).is_some());
    }
}

/// The payload of a handshake; what is understood of it is understood again.
pub fn node_info(bytes: &[u8]) {
    if let Some(written) = strangers::node_info(bytes) {
        assert_eq!(strangers::node_info(&written).as_ref(), Some(&written));
    }
}

/// A record as text, and as the bytes inside the text.
pub fn record(bytes: &[u8]) {
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = strangers::record(text);
    }
    let _ = strangers::record(&format!("enr:{}", URL_SAFE_NO_PAD.encode(bytes)));
}

/// The protocol's entries of a signed record: four pieces, cut where the first three bytes say.
pub fn record_entries(bytes: &[u8]) {
    let Some((cuts, mut rest)) = bytes.split_first_chunk::<3>() else { return };
    let mut take = |cut: u8| {
        let (piece, left) = rest.split_at(rest.len().min(usize::from(cut)));
        rest = left;
        piece
    };
    let [first, second, third] = cuts.map(&mut take);
    let pieces = [first, second, third, rest];
    let Some(text) = strangers::record_with(pieces) else { return };
    // What cannot be read as a whole is nobody's record.
    let Some(ReadRecord { ssv, domain, subnets, peer, .. }) = strangers::record(&text) else { return };
    assert!(peer.is_some(), "the key is good");
    assert!(!ssv || first == [1], "only `true` is true");
    assert!(domain.is_none() || second.len() > 4);
    assert!(subnets.is_none_or(|bits| SubnetBits::from_wire(&bits.to_wire()) == bits));
}

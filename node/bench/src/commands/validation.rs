//! `scripts/bench validation`: gossip of the main network from bytes to verdict, against nothing but the RSA verifications in it.
//!
//! Ours is the one way that a message takes in the node ([`operator::believe`]): rules, signatures with parsed keys, memory of what was
//! seen, on one thread. The other way verifies the same signatures with the same keys in the same order, its digests and signatures laid
//! out beforehand. In each run both go over all messages of the corpus, a piece of some 20 ms each in turns; ours begins anew with an
//! empty memory, and the release of the old one counts as its work.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Mutex;

use anyhow::{Context as _, Result, ensure};
use bench::main_network::{
    Corpus, FIRST_SLOT, Gossip, Kind, Loaded, MESSAGES_PER_SECOND, MainNetwork, Message, of_slot,
};
use bench::measure::{Comparison, Figure, compare};
use bench::memory::resident_kb;
use crypto::rsa::OperatorPublicKey;
use operator::believe;
use types::{Decode, SignedSsvMessage, Slot};
use validation::{Context, PeerKey, SeenState};

/// What the memory of the loaded set, and of what was seen, may be.
const MOST_MEMORY_MB: u64 = 300;
/// Messages of a piece.
const PIECE: usize = 1_000;

pub fn run(out: &mut impl Write) -> Result<()> {
    let at_start = resident_kb()?;
    let network = MainNetwork::new()?;
    let loaded = Loaded::new(&network, Corpus::keys()?);
    let gossip = Gossip::new(&network);
    drop(network);
    let set_kb = resident_kb()?.saturating_sub(at_start);

    let network = MainNetwork::new()?;
    let corpus = Corpus::open(&network)?;
    mix(out, &corpus.messages)?;
    let load = Load { gossip: &gossip, loaded: &loaded };
    let (operators, committees, validators) = loaded.sizes();
    let before = resident_kb()?;
    let seen = load.remember_window(&network)?;
    let seen_kb = resident_kb()?.saturating_sub(before);
    writeln!(
        out,
        "\nmemory: {} MB for {validators} validators, {committees} committees and {operators} operators with parsed keys;\n\
         {} MB for what was seen in a whole window of 34 slots on all subnets ({} entries, {} slot states)",
        set_kb / 1024,
        seen_kb / 1024,
        seen.len(),
        seen.slot_states(),
    )?;
    drop(seen);

    let pieces: Vec<_> = corpus.messages.chunks(PIECE).collect();
    let raw: Vec<_> = pieces.iter().map(|piece| raw_of(piece, &loaded)).collect::<Result<_>>()?;
    let signatures = u32::try_from(raw.iter().map(Vec::len).sum::<usize>())?;
    let mut seen = Mutex::new(load.nothing_seen());
    let (mut turns, mut raw_turns) = ((0..pieces.len()).cycle(), raw.iter().cycle());
    let ours = || {
        let place = turns.next().unwrap_or_default();
        if place == 0 {
            seen = Mutex::new(load.nothing_seen());
        }
        load.believe(pieces.get(place).copied().unwrap_or_default(), &seen)
    };
    let other = || verify(raw_turns.next().map_or(&[][..], Vec::as_slice));
    let count = u32::try_from(pieces.len())?;
    let made = compare(signatures / count, signatures / count * count, ours, other)?;
    times(out, &made, corpus.messages.len(), signatures)?;
    let total_mb = (set_kb + seen_kb) / 1024;
    ensure!(total_mb <= MOST_MEMORY_MB, "memory: {total_mb} MB, more than {MOST_MEMORY_MB}");
    writeln!(
        out,
        "\nratio {:.3} ({:.3}..{:.3}) of the raw RSA verification rate; {total_mb} MB",
        made.ratio.median, made.ratio.least, made.ratio.greatest
    )?;
    Ok(())
}

fn times(out: &mut impl Write, made: &Comparison, messages: usize, signatures: u32) -> Result<()> {
    let per_message = f64::from(signatures) / f64::from(u32::try_from(messages)?);
    let time = |figure: Figure, times: f64| {
        let scaled = |us: f64| us * times;
        format!("{:.2} ({:.2}..{:.2})", scaled(figure.median), scaled(figure.least), scaled(figure.greatest))
    };
    writeln!(
        out,
        "\nmicroseconds, median of five runs (least..greatest), one thread\n{:<24}{:>26}{:>26}",
        "", "for each signature", "for each message"
    )?;
    for (name, figure) in [("bytes to verdict", made.ours), ("raw RSA verification", made.other)] {
        writeln!(out, "{name:<24}{:>26}{:>26}", time(figure, 1.0), time(figure, per_message))?;
    }
    let rate = 1e6 / (made.ours.median * per_message);
    let times = rate / f64::from(MESSAGES_PER_SECOND);
    writeln!(out, "{rate:.0} messages/s, {times:.0} times the main network's {MESSAGES_PER_SECOND}")?;
    Ok(())
}

/// The shares of the mix.
fn mix(out: &mut impl Write, messages: &[Message]) -> Result<()> {
    let mut counts: BTreeMap<Kind, (u32, usize, usize)> = BTreeMap::new();
    for message in messages {
        let (count, signatures, bytes) = counts.entry(message.kind).or_default();
        *count += 1;
        *signatures += message.signatures;
        *bytes += message.data.len();
    }
    let total = f64::from(u32::try_from(messages.len())?);
    writeln!(
        out,
        "the mix: {} messages\n{:<22}{:>9}{:>8}{:>13}{:>12}",
        messages.len(),
        "",
        "messages",
        "share",
        "signatures",
        "mean bytes"
    )?;
    for (kind, (count, signatures, bytes)) in counts {
        let share = f64::from(count) / total * 100.0;
        let mean = bytes / usize::try_from(count)?.max(1);
        writeln!(out, "{:<22}{count:>9}{share:>7.1}%{signatures:>13}{mean:>12}", kind.name())?;
    }
    Ok(())
}

struct Load<'a> {
    gossip: &'a Gossip,
    loaded: &'a Loaded,
}

impl Load<'_> {
    fn context(&self) -> Context<'_> {
        Context { rules: &self.gossip.rules, registry: self.loaded, duties: self.loaded }
    }

    fn nothing_seen(&self) -> SeenState {
        SeenState::new(self.gossip.rules.network.slots_per_epoch())
    }

    /// Messages from bytes to verdict; all must be believed.
    fn believe(&self, messages: &[Message], seen: &Mutex<SeenState>) -> Result<()> {
        let context = self.context();
        for (number, message) in messages.iter().enumerate() {
            let forwarder = PeerKey::new(self.gossip.forwarder(message.committee, number)?);
            let inbound =
                self.gossip.inbound((message.committee, message.slot), &message.data, &forwarder)?;
            let believed = believe(&context, seen, self.loaded, &inbound, message.slot);
            believed
                .map(drop)
                .with_context(|| format!("a message of the mix is refused: {:?}", message.kind))?;
        }
        Ok(())
    }

    /// What is remembered of all messages of as many slots as are kept. Signatures are not looked at, so the messages need
    /// none.
    fn remember_window(&self, network: &MainNetwork) -> Result<SeenState> {
        let (context, mut seen) = (self.context(), self.nothing_seen());
        let slots = self.gossip.rules.network.slots_per_epoch() + 2;
        for slot in (0..slots).map(|n| Slot(FIRST_SLOT.get() + n)) {
            for (number, payload) in of_slot(network, slot)?.iter().enumerate() {
                let data = payload.signed(&vec![[0; 256]; payload.signers.len()])?;
                let forwarder = PeerKey::new(self.gossip.forwarder(payload.committee, number)?);
                let inbound = self.gossip.inbound((payload.committee, slot), &data, &forwarder)?;
                let candidate = context.judge(&inbound, &seen)?;
                seen.commit(&candidate.update, slot)?;
            }
        }
        Ok(seen)
    }
}

/// A signature with its key and what it signs.
type Signed<'a> = (&'a OperatorPublicKey, [u8; 32], Vec<u8>);

/// All signatures of some messages.
fn raw_of<'a>(messages: &[Message], loaded: &'a Loaded) -> Result<Vec<Signed<'a>>> {
    let mut raw = Vec::new();
    for message in messages {
        let decoded = SignedSsvMessage::from_ssz_bytes(&message.data)
            .map_err(|error| anyhow::anyhow!("a message of the corpus does not decode: {error:?}"))?;
        let digest = decoded.ssv_message.signed_digest();
        for (signer, signature) in decoded.operator_ids.iter().zip(&decoded.signatures) {
            raw.push((loaded.key(*signer).context("no such operator")?, digest, signature.to_vec()));
        }
    }
    Ok(raw)
}

fn verify(raw: &[Signed<'_>]) -> Result<()> {
    let valid = raw.iter().all(|(key, digest, signature)| key.verify_digest(digest, signature));
    ensure!(valid, "a signature of the corpus does not verify");
    Ok(())
}

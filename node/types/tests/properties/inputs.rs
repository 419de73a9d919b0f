//! Encodings of every type that a stranger can send: mostly as they are sent, some at a limit or one beyond it. The limits stand
//! here as numbers, as the protocol publishes them.

use crate::piece::{Part, Piece, container, list, noise, u64s};
use crate::seeded::Rng;
use Part::{Fixed, Variable};

/// Which forks can carry an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fits {
    Neither,
    BooleOnly,
    Both,
}

/// An encoding, and who has to take it.
pub struct Made {
    pub piece: Piece,
    pub fits: Fits,
}

/// Sizes that depend on the preset, in bytes and bits.
pub struct Sizes {
    pub attestation_bits: usize,
    pub committee_bits: usize,
    pub subcommittee_bytes: usize,
}

pub const MAINNET: Sizes = Sizes { attestation_bits: 131_072, committee_bits: 64, subcommittee_bytes: 16 };
pub const MINIMAL: Sizes = Sizes { attestation_bits: 8_192, committee_bits: 4, subcommittee_bytes: 1 };

/// Lengths with a limit: small as a rule, at the limit or one beyond once in `rare`.
fn length(rng: &mut Rng, usual: usize, limit: usize, rare: usize, fits: &mut Fits) -> usize {
    if !rng.one_in(rare) {
        return rng.below(usual.min(limit) + 1);
    }
    if rng.one_in(2) {
        return limit;
    }
    *fits = Fits::Neither;
    limit + 1
}

/// As [`length`], where Alan's limit is the lower one.
fn length_by_fork(rng: &mut Rng, usual: usize, alan: usize, boole: usize, fits: &mut Fits) -> usize {
    if !rng.one_in(4_000) {
        return rng.below(usual + 1);
    }
    let (len, fit) = [(alan, Fits::Both), (alan + 1, Fits::BooleOnly), (boole, Fits::BooleOnly)]
        .into_iter()
        .chain([(boole + 1, Fits::Neither)])
        .nth(rng.below(4))
        .unwrap();
    *fits = (*fits).min(fit);
    len
}

/// Small numbers, as kinds and rounds are, or any.
fn kind(rng: &mut Rng) -> Vec<u8> {
    let number = rng.next();
    u64s([if rng.one_in(8) { number } else { number % 8 }])
}

fn flat(rng: &mut Rng, len: usize) -> Part {
    Variable(Piece::flat(noise(rng, len)))
}

pub fn ssv_message(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let len = length_by_fork(rng, 300, 722_412, 726_932, &mut fits);
    let data = if rng.one_in(2) || len > 300 {
        Piece::flat(noise(rng, len))
    } else if rng.one_in(2) {
        bundle(rng).piece
    } else {
        qbft_message(rng).piece
    };
    // What is inside is not looked at, but may be too large itself.
    if data.bytes.len() > 726_932 {
        fits = Fits::Neither;
    } else if data.bytes.len() > 722_412 {
        fits = fits.min(Fits::BooleOnly);
    }
    let parts = vec![Fixed(kind(rng)), Fixed(noise(rng, 56)), Variable(data)];
    Made { piece: container(parts), fits }
}

pub fn signed_message(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let signers = length(rng, 4, 13, 60, &mut fits);
    let signatures: Vec<Piece> = (0..signers)
        .map(|_| {
            let len = if rng.one_in(2) { 256 } else { length(rng, 256, 256, 200, &mut fits) };
            Piece::flat(noise(rng, len))
        })
        .collect();
    let operators = if rng.one_in(8) { length(rng, 13, 13, 20, &mut fits) } else { signers };
    let ids: Vec<u64> = (0..operators).map(|_| rng.next() % 6).collect();
    let message = ssv_message(rng);
    let full_data = length(rng, 300, 8_388_836, 40_000, &mut fits);
    let parts = vec![
        Variable(list(signatures)),
        Variable(Piece::flat(u64s(ids))),
        Variable(message.piece),
        flat(rng, full_data),
    ];
    Made { piece: container(parts), fits: fits.min(message.fits) }
}

fn justifications(rng: &mut Rng, limit: usize, fits: &mut Fits) -> Piece {
    let count = if rng.one_in(2) { 0 } else { length(rng, 3, 13, 60, fits) };
    let items: Vec<Piece> = (0..count)
        .map(|_| {
            let len = length(rng, 80, limit, 600, fits);
            Piece::flat(noise(rng, len))
        })
        .collect();
    list(items)
}

pub fn qbft_message(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let identifier = if rng.one_in(2) { 56 } else { length(rng, 56, 56, 20, &mut fits) };
    let round_changes = justifications(rng, 51_852, &mut fits);
    let prepares = justifications(rng, 3_700, &mut fits);
    let parts = vec![
        Fixed(kind(rng)),
        Fixed(kind(rng)),
        Fixed(kind(rng)),
        flat(rng, identifier),
        Fixed(noise(rng, 32)),
        Fixed(kind(rng)),
        Variable(round_changes),
        Variable(prepares),
    ];
    Made { piece: container(parts), fits }
}

pub fn bundle(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let count = length_by_fork(rng, 3, 1_512, 5_048, &mut fits);
    let entries = flat(rng, count * 144);
    Made { piece: container(vec![Fixed(kind(rng)), Fixed(kind(rng)), entries]), fits }
}

fn fixed(rng: &mut Rng, len: usize) -> Made {
    Made { piece: Piece::flat(noise(rng, len)), fits: Fits::Both }
}

pub fn vote(rng: &mut Rng) -> Made {
    fixed(rng, 112)
}

pub fn duty(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let positions = length(rng, 4, 13, 30, &mut fits);
    let parts = vec![
        Fixed(kind(rng)),
        Fixed(noise(rng, 48)),
        Fixed(noise(rng, 24)),
        Fixed(kind(rng)),
        Fixed(kind(rng)),
        Fixed(kind(rng)),
        flat(rng, positions * 8),
    ];
    Made { piece: container(parts), fits }
}

/// A duty with an object, of which half are what the duty's role signs.
pub fn duty_data(rng: &mut Rng) -> Made {
    let mut fits = Fits::Both;
    let len = length(rng, 400, 8_388_608, 40_000, &mut fits);
    let duty = duty(rng);
    let object = match rng.below(6) {
        _ if len > 400 => Piece::flat(noise(rng, len)),
        0 => aggregate(rng, 2_048, None).piece,
        1 => aggregate(rng, MAINNET.attestation_bits, Some(&MAINNET)).piece,
        2 => contributions(rng, &MAINNET).piece,
        _ => Piece::flat(noise(rng, len)),
    };
    let parts = vec![Variable(duty.piece), Fixed(kind(rng)), Variable(object)];
    Made { piece: container(parts), fits: fits.min(duty.fits) }
}

pub fn contribution(rng: &mut Rng, sizes: &Sizes) -> Made {
    fixed(rng, 144 + sizes.subcommittee_bytes)
}

/// Items of one size behind a table of offsets, as the reference writes them.
pub fn contributions(rng: &mut Rng, sizes: &Sizes) -> Made {
    let mut fits = Fits::Both;
    let count = length(rng, 4, 13, 60, &mut fits);
    let items: Vec<Piece> =
        (0..count).map(|_| Piece::flat(noise(rng, 240 + sizes.subcommittee_bytes))).collect();
    Made { piece: list(items), fits }
}

/// A list of bits ends with a bit that says where it ends.
fn bit_list(rng: &mut Rng, limit: usize, fits: &mut Fits) -> Vec<u8> {
    let bits = length(rng, 200, limit, 400, fits);
    let mut bytes = noise(rng, bits / 8 + 1);
    let end = 1_u8 << (bits % 8);
    if let Some(last) = bytes.last_mut() {
        *last = (*last & (end - 1)) | end;
        if rng.one_in(50) {
            *last = 0;
            *fits = Fits::Neither;
        }
    }
    bytes
}

pub fn attestation(rng: &mut Rng, bits: usize, electra: Option<&Sizes>) -> Made {
    let mut fits = Fits::Both;
    let mut parts = vec![
        Variable(Piece::flat(bit_list(rng, bits, &mut fits))),
        Fixed(noise(rng, 128)),
        Fixed(noise(rng, 96)),
    ];
    if let Some(sizes) = electra {
        let mut committees = noise(rng, sizes.committee_bits.div_ceil(8));
        if sizes.committee_bits == 4 {
            if rng.one_in(20) {
                // A bit beyond the end of the vector.
                committees[0] |= 0x10 << rng.below(4);
                fits = Fits::Neither;
            } else {
                committees[0] &= 0x0f;
            }
        }
        parts.push(Fixed(committees));
    }
    Made { piece: container(parts), fits }
}

pub fn aggregate(rng: &mut Rng, bits: usize, electra: Option<&Sizes>) -> Made {
    let Made { piece, fits } = attestation(rng, bits, electra);
    let parts = vec![Fixed(kind(rng)), Variable(piece), Fixed(noise(rng, 96))];
    Made { piece: container(parts), fits }
}

pub fn committee_data(rng: &mut Rng, sizes: &Sizes) -> Made {
    let mut fits = Fits::Both;
    let attestations = length(rng, 2, 64, 200, &mut fits);
    let indexes = if rng.one_in(4) { length(rng, 3, 64, 20, &mut fits) } else { attestations };
    let items: Vec<Piece> = (0..attestations)
        .map(|_| {
            if rng.one_in(2) {
                return attestation(rng, sizes.attestation_bits, Some(sizes)).piece;
            }
            let len = length(rng, 200, 131_308, 4_000, &mut fits);
            Piece::flat(noise(rng, len))
        })
        .collect();
    let aggregators = length(rng, 3, 3_000, 2_000, &mut fits);
    let contributors = length(rng, 3, 2_048, 2_000, &mut fits);
    let contributions = length(rng, 2, 4, 20, &mut fits);
    let parts = vec![
        Fixed(kind(rng)),
        flat(rng, aggregators * 112),
        flat(rng, indexes * 8),
        Variable(list(items)),
        flat(rng, contributors * 112),
        flat(rng, contributions * (144 + sizes.subcommittee_bytes)),
    ];
    Made { piece: container(parts), fits }
}

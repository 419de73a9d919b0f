//! The public networks, as data. Source: `ssv networkconfig/*.go`; chain ids from the chains themselves.
//!
//! Boole is scheduled on none of them. Its domain is published for the main network and for holesky; for hoodi and
//! sepolia it follows from the lanes that the reference's comments reserve.

use alloy_primitives::{Address, address};

use super::{ForkSchedule, NetworkRules, PeerLimits, RoundTimeouts, RulesError};
use crate::ids::{DomainType, Epoch};
use crate::preset::PresetName;

/// discv5 protocol id of every public network: "ssvdv5".
pub(super) const DISCOVERY_PROTOCOL_ID: [u8; 6] = *b"ssvdv5";

/// One public network.
pub(super) struct Row {
    pub(super) name: &'static str,
    chain_id: u64,
    contract: Address,
    deploy_block: u64,
    total_ethereum_validators: u64,
    pub(super) alan: DomainType,
    pub(super) boole: DomainType,
    bootnodes: &'static [&'static str],
}

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "mainnet",
        chain_id: 1,
        contract: address!("0xDD9BC35aE942eF0cFa76930954a156B3fF30a4E1"),
        deploy_block: 17_507_487,
        total_ethereum_validators: 1_064_860,
        alan: DomainType([0, 0, 0, 1]),
        boole: DomainType([0, 0, 0, 2]),
        bootnodes: &[
            "enr:-Ja4QAbDe5XANqJUDyJU1GmtS01qqMwDYx9JNZgymjBb55fMaha80E2HznRYoUGy6NFVSvs1u1cFqSM0MgJI-h1QKLeGAZKaTo7LgmlkgnY0gmlwhDQrfraJc2VjcDI1NmsxoQNEj0Pgq9-VxfeX83LPDOUPyWiTVzdI-DnfMdO1n468u4Nzc3YBg3RjcIITioN1ZHCCD6I",
            "enr:-Ja4QFpDBTMnLOykFvZsV8LnBibOQnhAgsN2SkOXApEcRbxyJNkHO9go3gonVUIREbUa0gHvzYdgzZ3U4ezmCyJrkI6GAZfeUw2QgmlkgnY0gmlwhId9yoSJc2VjcDI1NmsxoQMZzUHaN3eClRgF9NAqRNc-ilGpJDDJxdenfo4j-zWKKYNzc3YBg3RjcIITiIN1ZHCCD6A",
            "enr:-Li4QIzHQ2H82twhvsu8EePZ6CA1gl0_B0WWsKaT07245TkHUqXay-MXEgObJB7BxMFl8TylFxfnKNxQyGTXh-2nAlOGAYuraxUEh2F0dG5ldHOIAAAAAAAAAACEZXRoMpD1pf1CAAAAAP__________gmlkgnY0gmlwhBKCzUSJc2VjcDI1NmsxoQNKskkQ6-mBdBWr_ORJfyHai5uD0vL6Fuw90X0sPwmRsoN0Y3CCE4iDdWRwgg-g",
            "enr:-Li4QH7FwJcL8gJj0zHAITXqghMkG-A5bfWh2-3Q7vosy9D1BS8HZk-1ITuhK_rfzG3v_UtBDI6uNJZWpdcWfrQFCxKGAYnQ1DRCh2F0dG5ldHOIAAAAAAAAAACEZXRoMpD1pf1CAAAAAP__________gmlkgnY0gmlwhBLb3g2Jc2VjcDI1NmsxoQKeSDcZWSaY9FC723E9yYX1Li18bswhLNlxBZdLfgOKp4N0Y3CCE4mDdWRwgg-h",
        ],
    },
    Row {
        name: "hoodi",
        chain_id: 560_048,
        contract: address!("0x58410Bef803ECd7E63B23664C586A6DB72DAf59c"),
        deploy_block: 1_065,
        total_ethereum_validators: 1_107_955,
        alan: DomainType([0, 0, 5, 3]),
        boole: DomainType([0, 0, 5, 4]),
        bootnodes: &[
            "enr:-Ja4QIKlyNFuFtTOnVoavqwmpgSJXfhSmhpdSDOUhf5-FBr7bBxQRvG6VrpUvlkr8MtpNNuMAkM33AseduSaOhd9IeWGAZWjRbnvgmlkgnY0gmlwhCNVVTCJc2VjcDI1NmsxoQNTTyiJPoZh502xOZpHSHAfR-94NaXLvi5J4CNHMh2tjoNzc3YBg3RjcIITioN1ZHCCD6I",
        ],
    },
    Row {
        name: "sepolia",
        chain_id: 11_155_111,
        contract: address!("0x261419B48F36EdF420743E9f91bABF4856e76f99"),
        deploy_block: 7_795_814,
        total_ethereum_validators: 1_781,
        alan: DomainType([0, 0, 5, 0x69]),
        boole: DomainType([0, 0, 5, 0x6a]),
        bootnodes: &[
            "enr:-Ja4QIE0Ml0a8Pq9zD-0g9KYGN3jAMPJ0CAP0i16fK-PSHfLeORl-Z5p8odoP1oS5S2E8IsF5jNG7gqTKhjVsHR-Z_CGAZXrnTJrgmlkgnY0gmlwhCOjXGWJc2VjcDI1NmsxoQKCRDQsIdFsJDmu_ZU2H6b2_HRJbuUneDXHLfFkSQH9O4Nzc3YBg3RjcIITioN1ZHCCD6I",
        ],
    },
    Row {
        name: "holesky",
        chain_id: 17_000,
        contract: address!("0x38A4794cCEd47d3baf7370CcC43B560D3a1beEFA"),
        deploy_block: 181_612,
        total_ethereum_validators: 1_757_795,
        alan: DomainType([0, 0, 5, 2]),
        boole: DomainType([0, 0, 5, 0x22]),
        bootnodes: &[
            "enr:-Ja4QKFD3u5tZob7xukp-JKX9QJMFqqI68cItsE4tBbhsOyDR0M_1UUjb35hbrqvTP3bnXO_LnKh-jNLTeaUqN4xiduGAZKaP_sagmlkgnY0gmlwhDb0fh6Jc2VjcDI1NmsxoQMw_H2anuiqP9NmEaZwbUfdvPFog7PvcKmoVByDa576SINzc3YBg3RjcIITioN1ZHCCD6I",
        ],
    },
];

impl NetworkRules {
    /// Names of the built-in networks.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        ROWS.iter().map(|row| row.name)
    }

    /// A built-in network.
    ///
    /// # Errors
    /// [`RulesError::UnknownNetwork`] with the names that exist.
    pub fn builtin(name: &str) -> Result<Self, RulesError> {
        let Some(row) = ROWS.iter().find(|row| row.name == name) else {
            let known = Self::builtin_names().collect::<Vec<_>>().join(", ");
            return Err(RulesError::UnknownNetwork { name: name.to_owned(), known });
        };
        Ok(Self {
            name: row.name.to_owned(),
            preset: PresetName::Mainnet,
            chain_id: row.chain_id,
            contract: row.contract,
            views: None,
            deploy_block: row.deploy_block,
            follow_distance: 8,
            seconds_per_slot: 12,
            total_ethereum_validators: row.total_ethereum_validators,
            discovery_protocol_id: DISCOVERY_PROTOCOL_ID,
            bootnodes: row.bootnodes.iter().map(|&enr| enr.to_owned()).collect(),
            forks: ForkSchedule::new(row.alan, Some((row.boole, Epoch::FAR_FUTURE)))?,
            timeouts: RoundTimeouts::PUBLIC,
            peers: PeerLimits::PUBLIC,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::role::SsvFork;
    use std::collections::BTreeSet;

    #[test]
    fn every_row_builds_and_every_domain_is_its_own() {
        let mut domains = BTreeSet::new();
        for name in NetworkRules::builtin_names() {
            let rules = NetworkRules::builtin(name).unwrap();
            assert_eq!(rules.timeouts, RoundTimeouts::of_slot(rules.slot_millis()));
            assert!(!rules.bootnodes.is_empty());
            for row in rules.forks.rows() {
                assert!(domains.insert(row.domain), "{name} {:?}", row.fork);
            }
            assert_eq!(rules.forks.at(Epoch(1_000_000)), SsvFork::Alan);
        }
        assert_eq!(domains.len(), 8);
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = NetworkRules::builtin("goerli").unwrap_err().to_string();
        assert!(error.contains("mainnet, hoodi, sepolia, holesky"), "{error}");
    }
}

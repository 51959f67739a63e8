//! Configurations of OpenWrt: edits of UCI and of what it includes, judged by a small firewall4 whose output goes to the
//! interpreter of nftables.

mod edits;
mod firewall4;
mod sections;
mod uci;

use hedgerow::{
    model::Network,
    packet::Packet,
    router::{File, Topology},
    target::Target,
};

use crate::{
    fate::{Class, Fate},
    nftables::Rules,
    rng::Rng,
    trial::{Edit, Subject},
};

pub struct OpenWrt;

impl Subject for OpenWrt {
    type Judge = Rules;
    const TARGET: Target = Target::OpenWrt;
    const CLASSES: &'static [Class] = &[Class::New, Class::Established, Class::Related, Class::Invalid];

    fn kinds() -> usize {
        edits::KINDS.len() + sections::KINDS.len()
    }

    fn edit(kind: usize, files: &[File], rng: &mut Rng) -> Option<Edit> {
        let (name, edit) = *edits::KINDS.iter().chain(&sections::KINDS).nth(kind)?;
        let mut changed = files.to_vec();
        let told = (0..20).find_map(|_| {
            changed.clone_from_slice(files);
            edit(&mut changed, rng).filter(|_| changed != files)
        })?;
        let what = format!("{name}: {told}");
        Some(Edit { aim: edits::aim(&what, files), what, files: changed })
    }

    fn judge(files: &[File], _: &Network, topology: &Topology) -> Result<Rules, String> {
        Rules::parse(&firewall4::ruleset(files, topology)?)
    }

    fn fate(rules: &Rules, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate> {
        rules.fate(packet, class, topology)
    }
}

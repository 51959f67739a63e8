//! Rulesets of nftables: edits of single lines, judged by an interpreter of the text.

mod edits;
mod hooks;
mod interpreter;

use hedgerow::{
    model::Network,
    packet::Packet,
    router::{File, Topology},
    target::Target,
};
pub use interpreter::Rules;

use crate::{
    fate::{Class, Fate},
    rng::Rng,
    trial::{Edit, Subject},
};

pub struct Nftables;

impl Subject for Nftables {
    type Judge = Rules;
    const TARGET: Target = Target::Nftables;
    const CLASSES: &'static [Class] = &[Class::New, Class::Established, Class::Related, Class::Invalid];

    fn kinds() -> usize {
        edits::KINDS.len() + hooks::KINDS.len()
    }

    fn edit(kind: usize, files: &[File], rng: &mut Rng) -> Option<Edit> {
        let (name, edit) = *edits::KINDS.iter().chain(&hooks::KINDS).nth(kind)?;
        let mut lines: Vec<String> = files[0].text.lines().map(str::to_owned).collect();
        let told = (0..20).find_map(|_| edit(&mut lines, rng))?;
        let what = format!("{name}: {told}");
        let files = vec![File { name: files[0].name.clone(), text: lines.join("\n") + "\n" }];
        Some(Edit { aim: what.replace("->", " "), what, files })
    }

    fn judge(files: &[File], _: &Network, _: &Topology) -> Result<Rules, String> {
        Rules::parse(&files[0].text)
    }

    fn fate(rules: &Rules, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate> {
        rules.fate(packet, class, topology)
    }
}

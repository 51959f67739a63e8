//! Configurations of pfSense: edits of the XML, judged by a small pf whose rules are made as `filter.inc` makes them.

mod config;
mod edits;
mod judge;
mod make;
mod settings;

use hedgerow::{
    model::Network,
    packet::Packet,
    router::{File, Topology},
    target::Target,
};
use judge::Firewall;

use crate::{
    fate::{Class, Fate},
    rng::Rng,
    trial::{Edit, Subject},
};

pub struct PfSense;

impl Subject for PfSense {
    /// One for each way in which a router may read the file.
    type Judge = Vec<Firewall>;
    const TARGET: Target = Target::PfSense;
    const CLASSES: &'static [Class] = &[Class::New, Class::Established, Class::Invalid];

    fn kinds() -> usize {
        edits::KINDS.len() + settings::KINDS.len()
    }

    fn is_told(firewalls: &Vec<Firewall>, packet: &Packet, _: &Topology) -> bool {
        firewalls.iter().all(|firewall| firewall.by_itself(packet))
    }

    fn edit(kind: usize, files: &[File], rng: &mut Rng) -> Option<Edit> {
        let (name, edit) = *edits::KINDS.iter().chain(&settings::KINDS).nth(kind)?;
        let original = &files[0].text;
        let (text, around) = (0..20).find_map(|_| edit(original, rng).filter(|(text, _)| text != original))?;
        let mut files = files.to_vec();
        let what = format!("{name}: {}", edits::change(original, &text));
        let aim = format!("{what} {}", edits::expanded(&around, original)).replace("->", " ");
        files[0].text = text;
        Some(Edit { what, aim, files })
    }

    fn judge(files: &[File], _: &Network, topology: &Topology) -> Result<Vec<Firewall>, String> {
        let document = roxmltree::Document::parse(&files[0].text).map_err(|error| error.to_string())?;
        let root = document.root_element();
        let versions = if make::is_old(root) { vec![true, false] } else { vec![true] };
        // What stands on the router alone is once nothing and once everything.
        let lists = if make::is_unsure(root) { vec![true, false] } else { vec![false] };
        let ways = versions.into_iter().flat_map(|further| lists.iter().map(move |full| (further, *full)));
        let mut made = Vec::new();
        for (further, full) in ways {
            let firewall = make::firewall(root, topology, further, full)?;
            // Most files are read the same by all.
            if !made.contains(&firewall) {
                made.push(firewall);
            }
        }
        Ok(made)
    }

    fn fate(firewalls: &Vec<Firewall>, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate> {
        let mut fates = firewalls.iter().map(|firewall| firewall.fate(packet, class, topology));
        let first = fates.next()?;
        if fates.all(|fate| fate == first) { first } else { Some(Fate::Either) }
    }
}

//! What the DHCP server of the base hands out.

use super::base::{Base, Leaf, parts};

/// The addresses that an interface hands out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pool {
    pub key: String,
    pub enabled: bool,
    /// Where each range stands, its first address and its last.
    ranges: Vec<(usize, String, String)>,
    pub mappings: Vec<Mapping>,
}

impl Pool {
    /// From where to where, in their order.
    pub fn ranges(&self) -> Vec<(&str, &str)> {
        self.ranges.iter().map(|(_, from, to)| (from.as_str(), to.as_str())).collect()
    }
}

/// A static mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    item: usize,
    pub mac: String,
    pub address: String,
}

impl Base {
    /// Takes a field of what an interface hands out.
    pub(super) fn read_pool(&mut self, key: &str, rest: &[&str], leaf: &Leaf) {
        let at = self.pools.iter().position(|pool| pool.key == key).unwrap_or_else(|| {
            self.pools.push(Pool { key: key.to_owned(), ..Pool::default() });
            self.pools.len() - 1
        });
        let Some(pool) = self.pools.get_mut(at) else { return };
        match rest {
            ["enable"] => pool.enabled = true,
            ["range", "from"] | ["pool", "range", "from"] => {
                parts(&mut pool.ranges, leaf.item()).1.clone_from(&leaf.text);
            }
            ["range", "to"] | ["pool", "range", "to"] => parts(&mut pool.ranges, leaf.item()).2.clone_from(&leaf.text),
            ["staticmap", field @ ("mac" | "ipaddr")] => {
                if pool.mappings.last().is_none_or(|last| last.item != leaf.item()) {
                    pool.mappings.push(Mapping { item: leaf.item(), ..Mapping::default() });
                }
                if let Some(mapping) = pool.mappings.last_mut() {
                    if *field == "mac" {
                        mapping.mac = leaf.text.to_lowercase();
                    } else {
                        mapping.address.clone_from(&leaf.text);
                    }
                }
            }
            _ => {}
        }
    }
}

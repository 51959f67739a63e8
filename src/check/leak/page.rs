//! A check's page: parsed, so that what users read is what tests hold.

use std::collections::BTreeMap;

use super::{Leak, catalogue};

/// The parts of `docs/checks/ID.md`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    pub id: &'static str,
    /// One sentence, the first paragraph.
    pub sentence: String,
    /// Examples that the check must report: what stands in the blocks of `## Fires`.
    pub fires: Vec<String>,
    /// Examples on which it must be silent: the blocks of `## Does not fire`.
    pub silent: Vec<String>,
    /// The `configuration.yaml` of an example, from a block of YAML below it: by whether it is one that must be reported,
    /// and its number there.
    pub settings: BTreeMap<(bool, usize), String>,
    /// The titles of its sections.
    pub sections: Vec<String>,
}

impl Page {
    /// Reads a page. What is missing is empty; a test holds that nothing is.
    #[must_use]
    pub fn of(leak: &Leak) -> Self {
        let mut page = Self { id: leak.id, ..Self::default() };
        let mut block: Option<String> = None;
        let mut yaml = false;
        for line in leak.page.lines() {
            if let Some(text) = block.as_mut() {
                if line.starts_with("```") {
                    let done = block.take().unwrap_or_default();
                    match page.sections.last().map(String::as_str) {
                        Some("Fires") if yaml => {
                            page.settings.insert((true, page.fires.len().saturating_sub(1)), done);
                        }
                        Some("Does not fire") if yaml => {
                            page.settings.insert((false, page.silent.len().saturating_sub(1)), done);
                        }
                        Some("Fires") => page.fires.push(done),
                        Some("Does not fire") => page.silent.push(done),
                        _ => {}
                    }
                } else {
                    text.push_str(line);
                    text.push('\n');
                }
                continue;
            }
            if let Some(language) = line.strip_prefix("```") {
                yaml = language == "yaml";
                block = Some(String::new());
            } else if let Some(title) = line.strip_prefix("## ") {
                page.sections.push(title.to_owned());
            } else if page.sections.is_empty() && !line.starts_with('#') && !line.trim().is_empty() {
                if !page.sentence.is_empty() {
                    page.sentence.push(' ');
                }
                page.sentence.push_str(line.trim());
            }
        }
        page
    }
}

/// All pages, by id.
#[must_use]
pub fn pages() -> Vec<Page> {
    catalogue().iter().map(Page::of).collect()
}

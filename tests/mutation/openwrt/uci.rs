//! UCI, as far as files that are written by programs have it.

#[derive(Clone, Debug, Default)]
pub struct Section {
    pub kind: String,
    pub name: String,
    pub options: Vec<(String, String)>,
}

impl Section {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.options.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn all(&self, name: &str) -> Vec<&str> {
        self.options.iter().filter(|(known, _)| known == name).flat_map(|(_, value)| value.split_whitespace()).collect()
    }
}

/// # Errors
/// A line that is none.
pub fn parse(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let mut words = line.splitn(3, [' ', '\t']);
        let (verb, name) = (words.next().unwrap_or(""), words.next().unwrap_or("").to_owned());
        let value = words.next().unwrap_or("").trim().replace("'\\''", "\u{1}");
        let value = value.trim_matches('\'').replace('\u{1}', "'");
        match (verb, sections.last_mut()) {
            ("config", _) => sections.push(Section { kind: name, name: value, options: Vec::new() }),
            ("option", Some(section)) => {
                section.options.retain(|(known, _)| *known != name);
                section.options.push((name, value));
            }
            ("list", Some(section)) => section.options.push((name, value)),
            _ => return Err(format!("no line of UCI: {line}")),
        }
    }
    Ok(sections)
}

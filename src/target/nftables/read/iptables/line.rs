//! Parts a rule into its matches and its target.

use super::condition::{self, Choices};

/// What stands behind `-j` or `-g`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Empty for a rule that only counts.
    pub name: String,
    pub goto: bool,
    pub options: Vec<String>,
}

/// A rule.
pub struct Parts {
    /// All of them have to hold, each in one of its ways.
    pub conditions: Vec<Choices>,
    pub target: Target,
}

/// Words as a shell parts them: double quotes hold them together, a backslash takes the next letter as it is. Nothing if
/// a quote is not closed.
pub fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut within, mut begun) = (Vec::new(), String::new(), false, false);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                within = !within;
                begun = true;
            }
            '\\' => word.extend(letters.next()),
            _ if letter.is_whitespace() && !within => {
                if begun || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            _ => word.push(letter),
        }
    }
    if begun || !word.is_empty() {
        words.push(word);
    }
    (!within).then_some(words)
}

/// An option with its words: up to the next option.
#[derive(Clone, Debug)]
pub struct Clause<'w> {
    pub negated: bool,
    pub name: &'w str,
    pub values: Vec<&'w str>,
}

/// Parts the words behind `-A CHAIN`.
pub fn parts(words: &[&str], v6: bool) -> Parts {
    let clauses = clauses(words);
    let jump = clauses.iter().position(|clause| matches!(clause.name, "-j" | "-g" | "--jump" | "--goto"));
    let (matches, target) = clauses.split_at(jump.unwrap_or(clauses.len()));
    let target = target.split_first().map_or_else(Target::default, |(first, rest)| Target {
        name: first.values.first().map_or("", |name| *name).to_owned(),
        goto: matches!(first.name, "-g" | "--goto"),
        options: first.values.iter().skip(1).map(|word| (*word).to_owned()).chain(rest.iter().flat_map(flat)).collect(),
    });
    Parts { conditions: condition::all(matches, v6), target }
}

fn flat(clause: &Clause<'_>) -> Vec<String> {
    let negation = clause.negated.then(|| "!".to_owned());
    negation
        .into_iter()
        .chain([clause.name.to_owned()])
        .chain(clause.values.iter().map(|word| (*word).to_owned()))
        .collect()
}

fn clauses<'w>(words: &[&'w str]) -> Vec<Clause<'w>> {
    let mut clauses: Vec<Clause<'w>> = Vec::new();
    let mut negated = false;
    for word in words {
        let option =
            word.len() > 1 && word.starts_with('-') && !word[1..].starts_with(|next: char| next.is_ascii_digit());
        match (*word, option) {
            ("!", _) => negated = true,
            (name, true) => clauses.push(Clause { negated: std::mem::take(&mut negated), name, values: Vec::new() }),
            (value, false) => match clauses.last_mut() {
                Some(last) => {
                    // `--dport ! 22`, as old versions print it.
                    last.negated |= std::mem::take(&mut negated);
                    last.values.push(value);
                }
                // It belongs to no option, and is a condition that nobody knows.
                None => clauses.push(Clause { negated: false, name: value, values: Vec::new() }),
            },
        }
    }
    clauses
}

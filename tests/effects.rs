//! No attribute is silently ignored. For each one that the language knows, the tables in `tests/effects` hold a policy
//! that differs in nothing else, and say where that shows: in the files of a target, in the companions, in the findings.
//! Where it does not show, they say why.
//!
//! ```text
//! ## zone isolated
//! zone iot { role iot;  network 10.0.30.0/24, 10.0.31.0/24;  «isolated» }
//! = nftables, openwrt, pfsense, findings
//! - port-forward, companions: keeps no zones apart
//! ```
//!
//! A statement takes the place of the one that begins with the same two words in `household.hedge`, or is added. Between
//! `«` and `»` stands what one of the two policies has and the other has not; behind a `|` what the other has instead.
//! `=` names the places that differ, `!` those that refuse it, with the code of the error; `-` gives reasons. `policy`
//! refuses it if it is no policy at all.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human, Severity},
    model::attributes_of,
    syntax::STATEMENTS,
    target::Target,
    world::Memory,
};
use libtest_mimic::{Arguments, Failed, Trial};

/// Where something may show, beside the targets.
const BESIDE: [&str; 2] = ["companions", "findings"];

/// Where a policy is refused whatever it is compiled for.
const POLICY: &str = "policy";

/// What stands in braces behind an attribute and has attributes of its own.
const NESTED: [&str; 5] = ["through", "tunnel", "publishes", "proxied", "peer"];

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![Trial::test("every attribute has its entry", complete)];
    for entry in entries() {
        trials.push(Trial::test(entry.title.clone(), move || entry.holds()));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

/// What a place makes of the difference.
#[derive(Clone, PartialEq, Eq)]
enum Effect {
    Shows,
    Refused(String),
    None,
}

struct Entry {
    /// The statement, or the attribute that has attributes of its own; then the attribute. More words tell entries of
    /// the same attribute apart.
    title: String,
    text: String,
    effects: BTreeMap<String, Effect>,
    reasons: BTreeMap<String, String>,
}

fn entries() -> Vec<Entry> {
    let mut paths: Vec<_> = fs::read_dir("tests/effects").unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let tables = paths.iter().filter(|path| path.extension().is_some_and(|end| end == "txt"));
    tables.flat_map(|path| read(&fs::read_to_string(path).unwrap())).collect()
}

fn read(table: &str) -> Vec<Entry> {
    let blocks = table.split("\n## ").skip(1);
    blocks
        .map(|block| {
            let (title, rest) = block.split_once('\n').unwrap();
            let mut entry = Entry {
                title: title.to_owned(),
                text: String::new(),
                effects: BTreeMap::new(),
                reasons: BTreeMap::new(),
            };
            for line in rest.lines() {
                entry.line(line);
            }
            entry
        })
        .collect()
}

impl Entry {
    fn line(&mut self, line: &str) {
        let (mark, rest) = line.split_at_checked(2).unwrap_or(("", ""));
        match mark {
            "= " => rest.split(", ").for_each(|place| self.say(place, Effect::Shows)),
            "! " => {
                let (places, code) = rest.split_once(": ").unwrap();
                places.split(", ").for_each(|place| self.say(place, Effect::Refused(code.to_owned())));
            }
            "- " => {
                let (places, reason) = rest.split_once(": ").unwrap();
                for place in places.split(", ") {
                    self.say(place, Effect::None);
                    self.reasons.insert(place.to_owned(), reason.to_owned());
                }
            }
            _ => self.text += &format!("{line}\n"),
        }
    }

    fn say(&mut self, place: &str, effect: Effect) {
        let known = place == POLICY || BESIDE.contains(&place) || Target::named(place).is_some();
        assert!(known, "{}: there is no place called `{place}`", self.title);
        assert!(self.effects.insert(place.to_owned(), effect).is_none(), "{}: `{place}` twice", self.title);
    }

    fn holds(&self) -> Result<(), Failed> {
        let without = outcome(&policy(&self.side(false)))?;
        let with = outcome(&policy(&self.side(true)));
        if let Some(Effect::Refused(code)) = self.effects.get(POLICY) {
            return match with {
                Ok(_) => Err("it is no error".into()),
                Err(error) if error.message().is_some_and(|shown| shown.contains(&format!("error[{code}]"))) => Ok(()),
                Err(error) => Err(error),
            };
        }
        let with = with?;
        let mut wrong = String::new();
        for place in Target::ALL.map(Target::name).into_iter().chain(BESIDE) {
            let is = match (&without[place], &with[place]) {
                (Ok(one), Ok(other)) if one == other => Effect::None,
                (_, Err(code)) => Effect::Refused(code.clone()),
                _ => Effect::Shows,
            };
            let shown = match &is {
                Effect::Shows => "it shows",
                Effect::Refused(code) => code,
                Effect::None => "it does not show",
            };
            match self.effects.get(place) {
                None => wrong += &format!("{place}: nothing is said, and {shown}\n"),
                Some(said) if *said != is => wrong += &format!("{place}: said otherwise, but {shown}\n"),
                Some(_) => {}
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
    }

    /// One of the two policies.
    fn side(&self, with: bool) -> String {
        let mut text = String::new();
        let mut rest = self.text.as_str();
        while let Some((before, inner)) = rest.split_once('«') {
            let (inner, behind) = inner.split_once('»').unwrap();
            let (other, this) = inner.split_once('|').unwrap_or(("", inner));
            text = text + before + if with { this } else { other };
            rest = behind;
        }
        text + rest
    }
}

/// The household with some statements in the place of its own.
fn policy(statements: &str) -> String {
    let head = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<String>>();
    let instead: BTreeSet<Vec<String>> =
        statements.lines().map(head).filter(|head| head.len() == 2 && head[0] != "allow" && head[0] != "use").collect();
    let household = include_str!("effects/household.hedge");
    // What is replaced leaves an empty line, so that both policies have their statements in the same lines.
    let kept = household.lines().map(|line| if instead.contains(&head(line)) { "" } else { line });
    kept.collect::<Vec<_>>().join("\n") + "\n" + statements
}

/// What each place makes of a policy, or the code of the error with which it refuses it.
fn outcome(text: &str) -> Result<BTreeMap<&'static str, Result<String, String>>, Failed> {
    let files = [("configuration.yaml", "http:\n  ip_ban_enabled: false\n"), ("ranges.txt", "198.51.100.0/24\n")];
    let world = Memory {
        files: files.map(|(name, text)| (name.to_owned(), text.to_owned())).into(),
        date: jiff::civil::date(2026, 11, 23),
    };
    let mut checked = compile::check("main.hedge", text, &world);
    if checked.meant.is_none() {
        return Err(shown(&checked, &checked.diagnostics).into());
    }
    let mut found = BTreeMap::new();
    let words = |found: &Diagnostic| {
        let (severity, label) = (found.severity, &found.primary.text);
        format!("{severity:?} {} {} {label} {:?} {:?}\n", found.code, found.message, found.notes, found.help)
    };
    found.insert("findings", Ok(checked.diagnostics.iter().map(words).collect()));
    let beside = compile::companions(&checked, &[]).unwrap();
    found.insert("companions", Ok(format!("{beside:?}")));
    for target in Target::ALL {
        let made = compile::render(&mut checked, "main.hedge", target, &[]);
        let made = match made {
            Ok(output) => Ok(format!("{:?} {:?}", output.files, output.additions)),
            Err(errors) => {
                let error = errors.iter().find(|found| found.severity == Severity::Error).unwrap();
                if error.code == "not-proven" {
                    return Err(format!("{}: {}", target.name(), shown(&checked, &errors)).into());
                }
                Err(error.code.to_owned())
            }
        };
        found.insert(target.name(), made);
    }
    Ok(found)
}

fn shown(checked: &Checked, found: &[Diagnostic]) -> String {
    let human = Human::new(&checked.sources, false);
    found.iter().map(|found| human.render(found) + "\n\n").collect()
}

/// Nothing that the language knows may be missing in the tables.
fn complete() -> Result<(), Failed> {
    let said: BTreeSet<(String, String)> = entries()
        .iter()
        .map(|entry| {
            let mut words = entry.title.split(' ').map(str::to_owned);
            (words.next().unwrap(), words.next().unwrap_or_default())
        })
        .collect();
    let of = |statement: &'static str| attributes_of(statement).into_iter().map(move |known| (statement, known.key));
    let missing: Vec<String> = STATEMENTS
        .into_iter()
        .chain(NESTED)
        .flat_map(of)
        .filter(|(of, key)| !said.contains(&((*of).to_owned(), (*key).to_owned())))
        .map(|(of, key)| format!("{of} {key}"))
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(missing.join("\n").into()) }
}

//! The pages of the checks keep their word: each example is added to `docs/checks/household.hedge`, and must be found
//! or must not. `docs/checks.md` lists them all. `CHECKS_BLESS=1` writes the list.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use hedgerow::{
    check::leak::{Decided, Leak, Page, Selection, catalogue},
    compile::{self, Budget, Checked},
    diagnostic::{Diagnostic, Human},
    model::STANDARD,
    router::File,
    target::Target,
    world::Memory,
};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = vec![
        Trial::test("the list of checks is docs/checks.md", list),
        Trial::test("every check that has to be asked for is in std.leaks", modules),
        Trial::test("nothing is found in the household", household),
        Trial::test("there is no page without a check", pages),
        Trial::test("checks yield to others for exactly what these report", yielding),
        Trial::test("no two checks wait for each other", waiting),
    ];
    for leak in catalogue() {
        trials.push(Trial::test(format!("{}: its page", leak.id), move || page(&leak)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(text: &str) -> Checked {
    check_with(text, BTreeMap::new())
}

/// With other files beside the policy.
fn check_with(text: &str, files: BTreeMap<String, String>) -> Checked {
    compile::check("main.hedge", text, &Memory { files, date: jiff::civil::date(2026, 11, 23) })
}

fn shown(checked: &Checked) -> String {
    let human = Human::new(&checked.sources, false);
    checked.diagnostics.iter().fold(String::new(), |text, found| text + &human.render(found) + "\n\n")
}

/// The policy of an example: whole, or an addition to the household; asking for the check.
fn policy(leak: &Leak, example: &str) -> String {
    let whole = example.lines().any(|line| line.starts_with("router "));
    let base = if whole { String::new() } else { fs::read_to_string("docs/checks/household.hedge").unwrap() };
    let asked =
        if matches!(leak.decided, Decided::Asked(_)) { format!("check {} {{ }}\n", leak.id) } else { String::new() };
    format!("{base}\n{asked}{example}")
}

fn page(leak: &Leak) -> Result<(), Failed> {
    let page = Page::of(leak);
    if page.sections != ["Why", "What to do", "Fires", "Does not fire", "When to waive"] {
        return Err(format!("its sections are {:?}", page.sections).into());
    }
    if !leak.page.starts_with(&format!("# `{}`\n", leak.id)) || page.sentence.is_empty() || page.sentence.ends_with('.')
    {
        return Err("it starts with its id, and one sentence without a stop".into());
    }
    if page.fires.is_empty() || page.silent.is_empty() {
        return Err("it needs an example that fires, and one that does not".into());
    }
    if matches!(leak.decided, Decided::Compiled) {
        return compiled(leak, &page);
    }
    if matches!(leak.decided, Decided::Refused) {
        return refused(leak, &page);
    }
    let mut text = String::new();
    for (examples, fires) in [(&page.fires, true), (&page.silent, false)] {
        for (index, example) in examples.iter().enumerate() {
            let settings = page.settings.get(&(fires, index)).cloned();
            let files = settings.map(|text| ("configuration.yaml".to_owned(), text)).into_iter().collect();
            let checked = check_with(&policy(leak, example), files);
            let found = checked.diagnostics.iter().any(|found| found.code == leak.id);
            if found != fires || (!fires && checked.has_errors()) {
                let should = if fires { "should be found" } else { "should not be found" };
                let _ = write!(text, "{should}:\n{example}\nfound:\n{}", shown(&checked));
            }
        }
    }
    if text.is_empty() { Ok(()) } else { Err(text.into()) }
}

/// Each policy of the page is refused by one of its targets at least, or by none.
fn refused(leak: &Leak, page: &Page) -> Result<(), Failed> {
    for (examples, fires) in [(&page.fires, true), (&page.silent, false)] {
        for example in examples {
            let mut checked = check(&policy(leak, example));
            let targets: Vec<Target> =
                checked.network.router.targets.iter().filter_map(|(name, _)| Target::named(name)).collect();
            let mut codes = Vec::new();
            for target in targets {
                if let Err(errors) = compile::render(&mut checked, "main.hedge", target, &[]) {
                    codes.extend(errors.iter().map(|error| error.code));
                }
            }
            if codes.contains(&leak.id) != fires || (!fires && !codes.is_empty()) {
                return Err(format!("{codes:?} for\n{example}\n{}", shown(&checked)).into());
            }
        }
    }
    Ok(())
}

/// What hedgerow writes is equal to the policy, and no longer when a line of the example is taken out, or, for
/// `THIS => THAT`, when that is put behind this.
fn compiled(leak: &Leak, page: &Page) -> Result<(), Failed> {
    for example in &page.silent {
        let mut checked = check(&policy(leak, example));
        let output = compile::render(&mut checked, "main.hedge", Target::Nftables, &[])
            .map_err(|errors| format!("{errors:#?}"))?;
        let equal = |checked: &mut Checked, files: &[File]| {
            compile::verify(checked, Target::Nftables, files).unwrap().is_ok_and(|verdict| verdict.is_equal())
        };
        if !equal(&mut checked, &output.files) {
            return Err("what is written is not equal to the policy".into());
        }
        for line in page.fires.iter().flat_map(|block| block.lines()) {
            let mut files = output.files.clone();
            if let Some((behind, more)) = line.split_once(" => ") {
                assert!(files.iter().any(|file| file.text.contains(behind)), "no line `{behind}`");
                for file in &mut files {
                    let put = |line: &str| {
                        if line.contains(behind) { format!("{line}\n{more}\n") } else { format!("{line}\n") }
                    };
                    file.text = file.text.lines().map(put).collect();
                }
                if equal(&mut checked, &files) {
                    return Err(format!("nobody notices `{more}`").into());
                }
                continue;
            }
            let before: usize = files.iter().map(|file| file.text.len()).sum();
            for file in &mut files {
                let kept: Vec<&str> = file.text.lines().filter(|written| !written.contains(line)).collect();
                file.text = kept.join("\n");
            }
            assert!(files.iter().map(|file| file.text.len()).sum::<usize>() + line.len() < before, "no line `{line}`");
            if equal(&mut checked, &files) {
                return Err(format!("nobody notices that `{line}` is missing").into());
            }
        }
    }
    Ok(())
}

/// Who finds something, with a packet each, in the household with a few more lines.
fn found(more: &str, selection: &Selection) -> Vec<String> {
    let text = fs::read_to_string("docs/checks/household.hedge").unwrap() + more;
    let world = Memory { files: BTreeMap::new(), date: jiff::civil::date(2026, 11, 23) };
    let checked = compile::check_within("main.hedge", &text, &world, Budget::default(), selection);
    let severity = |found: &Diagnostic| found.severity.word();
    checked.diagnostics.iter().map(|found| format!("{} {}", severity(found), found.code)).collect()
}

fn yielding() -> Result<(), Failed> {
    const OPEN: &str = "
use std.leaks.strict
allow guest -> nvr : frigate-noauth { because \"the guests' dashboard\" }
allow guest -> ha  : home-assistant { because \"for a tablet\" }
";
    let all = Selection::default();
    let one = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
    let guests = "error guest-reaches-private";
    let pivot = "warning transitive-pivot";
    let (login, page) = ("error unauthenticated-service-reachable", "warning ha-reachable-from-untrusted");
    let cases: [(&str, String, Selection, &[&str]); 7] = [
        ("one speaks for all", String::new(), all.clone(), &[guests, guests]),
        (
            "what is waived of one, the others say",
            "waive guest-reaches-private { because \"no\" }\n".to_owned(),
            all.clone(),
            &[page, pivot, pivot, login],
        ),
        (
            "exactly what is waived",
            "waive guest-reaches-private for guest -> ha { because \"no\" }\n".to_owned(),
            all.clone(),
            &[guests, page, pivot],
        ),
        (
            "who is not asked silences nobody",
            String::new(),
            Selection { skip: one(&["guest-reaches-private"]), ..all.clone() },
            &[page, pivot, pivot, login],
        ),
        (
            "nor by what else is asked for",
            String::new(),
            Selection { only: one(&["unauthenticated-service-reachable"]), ..all.clone() },
            &[login],
        ),
        (
            "a milder word silences no stronger one",
            "check guest-reaches-private { severity note }\n".to_owned(),
            all.clone(),
            &["note guest-reaches-private", "note guest-reaches-private", page, pivot, pivot, login],
        ),
        (
            "each is waived by itself",
            [
                "guest-reaches-private",
                "ha-reachable-from-untrusted",
                "transitive-pivot",
                "unauthenticated-service-reachable",
            ]
            .map(|id| format!("waive {id} for guest {{ because \"no\" }}\n"))
            .concat(),
            all,
            &[],
        ),
    ];
    let mut text = String::new();
    for (name, more, selection, expected) in cases {
        let found = found(&format!("{OPEN}{more}"), &selection);
        if found != expected {
            let _ = writeln!(text, "{name}: expected {expected:?}, found {found:?}");
        }
    }
    if text.is_empty() { Ok(()) } else { Err(text.into()) }
}

fn waiting() -> Result<(), Failed> {
    let all = catalogue();
    let mut settled: Vec<&str> = Vec::new();
    while settled.len() < all.len() {
        let ready = |leak: &&Leak| !settled.contains(&leak.id) && leak.yields.iter().all(|to| settled.contains(to));
        let Some(leak) = all.iter().find(ready) else {
            return Err(format!("in a circle, or yielding to nothing: all but {settled:?}").into());
        };
        settled.push(leak.id);
    }
    Ok(())
}

fn household() -> Result<(), Failed> {
    let checked = check(&(fs::read_to_string("docs/checks/household.hedge").unwrap() + "\nuse std.leaks.strict\n"));
    if checked.diagnostics.is_empty() { Ok(()) } else { Err(shown(&checked).into()) }
}

fn modules() -> Result<(), Failed> {
    let text: String =
        STANDARD.iter().filter(|(name, _)| name.starts_with("std.leaks")).map(|(_, text)| *text).collect();
    let listed: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("check ")?.split(' ').next()).collect();
    let asked: Vec<&str> =
        catalogue().iter().filter(|leak| matches!(leak.decided, Decided::Asked(_))).map(|leak| leak.id).collect();
    let missing: Vec<&&str> =
        asked.iter().filter(|id| listed.iter().filter(|other| other == id).count() != 1).collect();
    let unknown: Vec<&&str> = listed.iter().filter(|id| !asked.contains(id)).collect();
    if missing.is_empty() && unknown.is_empty() {
        return Ok(());
    }
    Err(format!("not once in std.leaks: {missing:?}; no such check: {unknown:?}").into())
}

fn pages() -> Result<(), Failed> {
    let known = catalogue();
    for entry in fs::read_dir("docs/checks").unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_some_and(|end| end == "md") && known.iter().all(|leak| leak.id != name) {
            return Err(format!("{} belongs to no check", path.display()).into());
        }
    }
    Ok(())
}

fn list() -> Result<(), Failed> {
    let mut text = "# The checks\n\nWhat `hedgerow check` looks for, beside the promises of a policy. `use std.leaks.home`, `use std.leaks.small-office` or\n`use std.leaks.strict` asks for them; those marked *always* need not be asked for. `hedgerow explain-check ID` shows\na page in the terminal. The examples of the pages are added to [this household](checks/household.hedge).\n\n| check | severity | what it says |\n| --- | --- | --- |\n".to_owned();
    for leak in catalogue() {
        let asked = match leak.decided {
            Decided::Asked(_) => "",
            Decided::Always => ", always",
            Decided::Compiled => ", when compiled",
            Decided::Refused => ", by the target",
        };
        let _ = writeln!(
            text,
            "| [`{0}`](checks/{0}.md) | {1}{asked} | {2} |",
            leak.id,
            leak.severity.word(),
            Page::of(&leak).sentence
        );
    }
    if std::env::var_os("CHECKS_BLESS").is_some() {
        fs::write("docs/checks.md", &text).unwrap();
    }
    if fs::read_to_string("docs/checks.md").is_ok_and(|written| written == text) {
        Ok(())
    } else {
        Err("docs/checks.md is not what the pages say: run `CHECKS_BLESS=1 cargo test --test leaks`".into())
    }
}

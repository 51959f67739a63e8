//! Each attribute of what exposes, on each target: proven, or refused with the words of the snapshot; never left out.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use hedgerow::{compile, diagnostic::Severity, init::ROUTERS, model::attributes_of, target::Target, world::Memory};

/// The house, and each case with its name.
fn cases() -> (String, Vec<(String, String)>) {
    let text = fs::read_to_string("tests/data/attributes.hedge").unwrap();
    let mut parts = text.split("\n## case: ");
    let house = parts.next().unwrap().to_owned() + "\n";
    let cases = parts.map(|part| part.split_once('\n').unwrap()).map(|(name, rest)| (name.to_owned(), rest.to_owned()));
    (house, cases.collect())
}

#[test]
fn each_attribute_is_proven_on_each_target_or_refused() {
    let (house, cases) = cases();
    let mut text = String::new();
    for (name, lines) in cases {
        let house = if name.ends_with("(output closed)") {
            house.replace("page 8443", "page 8443;  output closed")
        } else {
            house.clone()
        };
        let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
        let mut checked = compile::check("main.hedge", &(house + &lines), &world);
        let wrong = checked.diagnostics.iter().find(|found| found.severity == Severity::Error);
        let _ = writeln!(text, "{name}");
        if let Some(wrong) = wrong {
            let _ = writeln!(text, "    everywhere: {}: {}", wrong.code, wrong.message);
            continue;
        }
        for router in ROUTERS {
            let target = Target::named(router).unwrap();
            let said = match compile::render(&mut checked, "main.hedge", target, &[]) {
                Ok(_) => "proven".to_owned(),
                Err(errors) => errors
                    .iter()
                    .map(|error| format!("{}: {}", error.code, error.message))
                    .collect::<Vec<_>>()
                    .join("; "),
            };
            let _ = writeln!(text, "    {router}: {said}");
        }
        compile::companions(&checked, &ROUTERS.map(|router| Target::named(router).unwrap())).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn no_attribute_is_missing() {
    let (_, cases) = cases();
    let lines: String = cases.into_iter().map(|(_, lines)| lines).collect();
    let words: BTreeSet<&str> = lines.split(|letter: char| !letter.is_alphanumeric() && letter != '-').collect();
    for statement in [
        "expose",
        "through",
        "proxied",
        "sign-in",
        "tunnel",
        "publishes",
        "vpn",
        "peer",
        "redirect",
        "reflect",
        "home-assistant",
    ] {
        for known in attributes_of(statement) {
            // `settings from` takes a file, and tests/spec/exposure/settings.hedge has it.
            assert!(
                words.contains(known.key) || known.key == "settings",
                "no case has `{}` of `{statement}`",
                known.key
            );
        }
    }
}

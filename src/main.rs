struct Disk;
impl hedgerow::world::World for Disk {
    fn read(&self, path: &str) -> Result<String, String> {
        std::fs::read_to_string(path).map_err(|e| e.to_string())
    }
    fn today(&self) -> jiff::civil::Date {
        jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).date()
    }
}
fn main() {
    use hedgerow::world::World;
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut sources = hedgerow::diagnostic::Sources::default();
    let (net, errors) = hedgerow::model::resolve(&path, &text, &mut sources, &Disk);
    let human = hedgerow::diagnostic::Human::new(&sources, false);
    for e in &errors {
        eprintln!("{}\n", human.render(e));
    }
    eprintln!(
        "{} zones {} hosts {} rules {} assertions",
        net.zones.len(),
        net.hosts.len(),
        net.rules.len(),
        net.assertions.len()
    );
    let standing = hedgerow::policy::Standing::new(&net, "nftables", Disk.today());
    let mut space = hedgerow::packet::Space::new();
    let mut limits = hedgerow::router::Limits::default();
    let meaning = hedgerow::policy::meaning(&net, &standing, &mut limits, &mut space);
    let book = hedgerow::plan::rulebook(&net, &meaning).unwrap();
    match hedgerow::target::nftables::render::render(&net, &standing, &book, &sources, &path) {
        Ok(files) => {
            println!("{}", files[0].text);
            let reading = hedgerow::target::nftables::read::read(&files[0].text, &standing.topology, &mut limits, &mut space).unwrap();
            eprintln!("exact {} unknown {:?} notes {:?}", reading.is_exact(), reading.unknown, reading.notes);
            let opening = space.project(reading.first, hedgerow::packet::Field::Out);
            let keys: std::collections::BTreeSet<_> = meaning.behaviour.accepted.keys().chain(reading.surely.accepted.keys()).copied().collect();
            for key in keys {
                let a = meaning.behaviour.accepted.get(&key).copied().unwrap_or(hedgerow::packet::Set::EMPTY);
                let a = space.intersect(a, opening);
                let b = reading.surely.accepted.get(&key).copied().unwrap_or(hedgerow::packet::Set::EMPTY);
                let open = space.minus(b, a);
                let closed = space.minus(a, b);
                eprintln!("{key:?}: open {:?} closed {:?}", space.witness(open), space.witness(closed));
            }
            eprintln!("est dropped {:?}", space.witness(reading.established_dropped.possibly));
            eprintln!("rel dropped {:?}", space.witness(reading.related_dropped.possibly));
            eprintln!("inv accepted {:?}", space.witness(reading.invalid_accepted.possibly));
        }
        Err(errors) => {
            for e in &errors {
                eprintln!("{}\n", human.render(e));
            }
        }
    }
}

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
    let path = std::env::args().nth(1).unwrap_or_default();
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    let mut sources = hedgerow::diagnostic::Sources::default();
    let (net, errors) = hedgerow::model::resolve(&path, &text, &mut sources, &Disk);
    let human = hedgerow::diagnostic::Human::new(&sources, false);
    for e in &errors {
        eprintln!("{}\n", human.render(e));
    }
    println!(
        "{} zones {} hosts {} rules {} assertions",
        net.zones.len(),
        net.hosts.len(),
        net.rules.len(),
        net.assertions.len()
    );
}

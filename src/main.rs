//! The program: everything is in the library.

fn main() -> hedgerow::cli::Exit {
    hedgerow::cli::run()
}

//! Writes the fixture pages with their style sheet, script and drawings into a folder, to be looked at:
//! `cargo run -p gable --example pages -- OUT && python3 -m http.server -d OUT`.

mod fixtures;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use gable::drawing;

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::args().nth(1).context("say into which folder the pages go")?);
    for folder in ["static", "drawings"] {
        fs::create_dir_all(out.join(folder))?;
    }
    for (name, page) in fixtures::pages()? {
        write_drawings(&out, &page)?;
        fs::write(out.join(name), page)?;
    }
    fs::write(out.join("drawings.html"), gallery(&out)?)?;
    copy_static(&out.join("static"))
}

/// Draws what a page shows.
fn write_drawings(out: &Path, page: &str) -> Result<()> {
    for rest in page.split("src=\"/drawings/").skip(1) {
        let name = rest.split('"').next().unwrap_or_default();
        let (kind, id, bedrooms) = drawing::parse(name).with_context(|| format!("not a drawing: {name}"))?;
        fs::write(out.join("drawings").join(name), drawing::drawing(kind, id, bedrooms))?;
    }
    Ok(())
}

/// Every kind many times over.
fn gallery(out: &Path) -> Result<String> {
    let mut page = String::from("<!doctype html><title>Drawings</title><body bgcolor=\"#888888\">");
    for (kind, _) in gable::pages::form::KINDS {
        for id in 0..16 {
            let bedrooms = u32::try_from(id % 6).ok();
            let name = format!("{kind}-{id}.svg");
            fs::write(out.join("drawings").join(&name), drawing::drawing(kind, id, bedrooms))?;
            page += &format!("<img src=\"/drawings/{name}\" width=\"300\" height=\"188\" alt=\"{name}\">\n");
        }
    }
    Ok(page)
}

/// Copies the static files as they are.
fn copy_static(to: &Path) -> Result<()> {
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("static"))? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

//! Where a setting's text comes from: a flag, the environment, `.env`, a file, or the default.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use super::{Flags, SETTINGS, Setting, dotenv};

/// All places where a setting may stand, read once.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<String, String>,
    dotenv: BTreeMap<String, String>,
}

/// Where a setting's value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A flag of the command line.
    Flag,
    /// The environment variable of that name.
    Environment(String),
    /// The line of that name in `.env`.
    Dotenv(String),
    /// The file that the variable of that name points to.
    File(String),
    /// Nobody said anything.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag => formatter.write_str("flag"),
            Origin::Environment(name) => write!(formatter, "environment, {name}"),
            Origin::Dotenv(name) => write!(formatter, ".env, {name}"),
            Origin::File(name) => write!(formatter, "file named by {name}"),
            Origin::Default => formatter.write_str("default"),
        }
    }
}

impl Sources {
    /// Reads the environment of this process and `.env` in the current folder, if there is one.
    ///
    /// # Errors
    /// A variable of ours that is no text, or a `.env` that cannot be read or parsed, in words for the user.
    pub fn of_process(flags: Flags) -> Result<Sources, String> {
        let environment = environment(std::env::vars_os())?;
        let dotenv = dotenv(Path::new(".env"), &environment)?;
        Ok(Sources { flags: flags.0, environment, dotenv })
    }

    /// Sources for a test.
    #[cfg(test)]
    pub(super) fn given(environment: &[(&str, &str)], dotenv: &[(&str, &str)]) -> Sources {
        let owned = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        Sources { flags: BTreeMap::new(), environment: owned(environment), dotenv: owned(dotenv) }
    }

    /// The text of a setting and where it came from. An empty text is as good as none.
    ///
    /// # Errors
    /// A secret given both directly and by file, or a file that cannot be read: in words for the user.
    pub fn find(&self, setting: &Setting) -> Result<Option<(String, Origin)>, String> {
        if let Some(text) = self.flags.get(setting.name).filter(|text| !text.is_empty()) {
            return Ok(Some((text.clone(), Origin::Flag)));
        }
        for name in [Some(setting.name), setting.alias].into_iter().flatten() {
            if let Some(found) = self.find_named(setting, name)? {
                return Ok(Some(found));
            }
        }
        Ok((!setting.default.is_empty()).then(|| (setting.default.to_owned(), Origin::Default)))
    }

    fn find_named(&self, setting: &Setting, name: &str) -> Result<Option<(String, Origin)>, String> {
        let direct = self.variable(name);
        let file = if setting.is_secret { self.variable(&format!("{name}_FILE")) } else { None };
        match (direct, file) {
            (Some(_), Some(_)) => Err(format!("must be given by {name} or by {name}_FILE, not by both")),
            (None, Some((path, _))) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|error| format!("{name}_FILE names {path}, which cannot be read: {error}"))?;
                Ok(Some((
                    text.trim_end_matches(['\r', '\n']).to_owned(),
                    Origin::File(format!("{name}_FILE")),
                )))
            }
            (direct, None) => Ok(direct),
        }
    }

    /// What a variable says that is no setting, in the environment or in `.env`.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        self.variable(name).map(|(text, _)| text)
    }

    fn variable(&self, name: &str) -> Option<(String, Origin)> {
        let filled = |map: &BTreeMap<String, String>| map.get(name).filter(|text| !text.is_empty()).cloned();
        filled(&self.environment)
            .map(|text| (text, Origin::Environment(name.to_owned())))
            .or_else(|| filled(&self.dotenv).map(|text| (text, Origin::Dotenv(name.to_owned()))))
    }
}

/// The variables that settings have, as text. Others need not be any, and are left out.
fn environment(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, String> {
    let mut environment = BTreeMap::new();
    for (name, value) in variables {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => drop(environment.insert(name, value)),
            Err(_) if SETTINGS.iter().any(|setting| setting.reads(&name)) => {
                return Err(format!("{name}: must be text in UTF-8"));
            }
            Err(_) => {}
        }
    }
    Ok(environment)
}

fn dotenv(path: &Path, environment: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let values = text.and_then(|text| dotenv::parse(&text, environment));
    values.map_err(|problem| format!(".env cannot be read: {problem}"))
}

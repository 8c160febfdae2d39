//! Where the hub is, and where its files are kept.

use anyhow::{Context, ensure};
use std::env::var_os;
use std::path::PathBuf;

/// A hub, and the cache of its files.
#[derive(Clone, Debug)]
pub struct Hub {
    /// Its address.
    pub endpoint: String,
    /// The folder of the cache, in the layout of Hugging Face's tools.
    pub cache: PathBuf,
    /// Who asks.
    pub token: Option<String>,
    /// Nothing is asked: what is in the cache has to do.
    pub offline: bool,
}

impl Hub {
    /// As the variables of Hugging Face's tools say: `HF_ENDPOINT`, `HF_HUB_CACHE` or `HF_HOME`, `HF_TOKEN` and `HF_HUB_OFFLINE`.
    ///
    /// # Errors
    /// The address is none of the web, or there is no folder for the cache.
    pub fn from_env() -> anyhow::Result<Self> {
        let text = |name: &str| match std::env::var(name) {
            Ok(text) if text.trim().is_empty() => Ok(None),
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(std::env::VarError::NotPresent) => Ok(None),
            Err(error) => Err(error).context(name.to_owned()),
        };
        let endpoint = text("HF_ENDPOINT")?.unwrap_or_else(|| "https://huggingface.co".to_owned());
        let is_address = ["http://", "https://"].iter().any(|begin| endpoint.starts_with(begin));
        ensure!(is_address, "HF_ENDPOINT is `{endpoint}`, and must begin with http:// or https://");
        let home = match (var_os("HF_HOME"), var_os("XDG_CACHE_HOME"), var_os("HOME")) {
            (Some(folder), ..) => PathBuf::from(folder),
            (None, Some(folder), _) => PathBuf::from(folder).join("huggingface"),
            (None, None, home) => {
                PathBuf::from(home.context("set HF_HOME to a folder for the models")?).join(".cache/huggingface")
            }
        };
        let token = match text("HF_TOKEN")? {
            Some(token) => Some(token),
            // As `hf auth login` leaves it.
            None => std::fs::read_to_string(home.join("token")).ok().map(|token| token.trim().to_owned()),
        };
        let offline = text("HF_HUB_OFFLINE")?.unwrap_or_default().to_ascii_lowercase();
        Ok(Hub {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            cache: var_os("HF_HUB_CACHE").map_or_else(|| home.join("hub"), PathBuf::from),
            token: token.filter(|token| !token.is_empty()),
            offline: ["1", "on", "yes", "true"].contains(&offline.as_str()),
        })
    }
}

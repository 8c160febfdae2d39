//! What went wrong, and what to do about it.

use crate::fetch::is_about_the_disk;
use crate::{Hub, Name, Wanted};
use anyhow::{Error, anyhow};
use hf_hub::api::sync::ApiError;

/// What an error is about.
#[derive(Clone, Copy)]
pub(crate) struct Trouble<'a> {
    pub(crate) hub: &'a Hub,
    pub(crate) name: &'a Name,
    pub(crate) wanted: &'a Wanted,
}

impl Trouble<'_> {
    /// An error of the client, whatever it was asked.
    pub(crate) fn explain(&self, error: ApiError) -> Error {
        let Trouble { hub: Hub { endpoint, cache, .. }, name, wanted: Wanted { instead, .. } } = self;
        match error {
            ApiError::RequestError(error) => match *error {
                ureq::Error::StatusCode(status) => self.answer(status),
                ureq::Error::Json(error) => anyhow!("{endpoint} does not answer as a hub does: {error}"),
                error => anyhow!(
                    "{name}: there is no such file or folder, and {endpoint} cannot be reached ({error}): {instead}"
                ),
            },
            ApiError::LockAcquisition(lock) => {
                anyhow!("{name}: another process is fetching it, and holds {}", lock.display())
            }
            ApiError::IoError(error) => anyhow!("{}: {error}", cache.display()),
            error => anyhow!("{endpoint} does not answer as a hub does: {error}"),
        }
    }

    /// An error of the client, when it was asked for a file that the listing has.
    pub(crate) fn of_file(&self, file: &str, error: ApiError) -> Error {
        match error {
            ApiError::RequestError(error) => match *error {
                ureq::Error::StatusCode(401 | 403) => self.gated(),
                ureq::Error::Io(error) if is_about_the_disk(&error) => self.explain(ApiError::IoError(error)),
                error => self.explain(Box::new(error).into()).context(file.to_owned()),
            },
            error => self.explain(error),
        }
    }

    fn answer(&self, status: u16) -> Error {
        anyhow!("{}: {} answers with the status {status}: try again later", self.name, self.hub.endpoint)
    }

    /// Its owner lets it be read by those only who asked.
    fn gated(&self) -> Error {
        let Trouble { hub: Hub { endpoint, token, .. }, name, .. } = self;
        let page = format!("{endpoint}/{}", name.repository);
        match token {
            None => anyhow!(
                "{name} is gated: ask for access at {page}, and set HF_TOKEN to a token of yours from {endpoint}/settings/tokens"
            ),
            Some(_) => anyhow!(
                "{name} is gated, and the token of HF_TOKEN, or of `hf auth login`, has no access: ask for it at {page}"
            ),
        }
    }
}

/// Why the files of a repository are not listed.
pub(crate) fn no_listing(trouble: &Trouble<'_>, status: u16, code: &str) -> Error {
    let Trouble { hub: Hub { endpoint, token, .. }, name, wanted: Wanted { instead, .. } } = trouble;
    let repository = &name.repository;
    match (status, code) {
        (404, "RevisionNotFound") => anyhow!("{repository} has no revision `{}` on {endpoint}", name.revision),
        (401 | 403, "GatedRepo") => trouble.gated(),
        (401 | 403 | 404, _) => {
            let private = match token {
                None => "if it is private, set HF_TOKEN to a token that may read it",
                Some(_) => "or the token of HF_TOKEN, or of `hf auth login`, may not read it",
            };
            anyhow!(
                "{repository}: there is no such file or folder, and no such model on {endpoint} ({private}): {instead}"
            )
        }
        _ => trouble.answer(status),
    }
}

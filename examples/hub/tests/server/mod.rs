//! A server in the layout of the Hugging Face hub, on this machine.

// Each test has use for a part of it.
#![allow(dead_code)]

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The commit of every repository here.
pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
/// A repository that was renamed: it is `owner/tiny` now.
const RENAMED: &str = "owner/old";
/// One that is shown only to who has [`TOKEN`].
pub const GATED: &str = "owner/gated";
pub const TOKEN: &str = "hf_right";

/// What the server does wrong, each once, to the file of the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It closes the connection after so many bytes.
    CutAfter(&'static str, usize),
    /// A byte is another.
    Wrong(&'static str),
}

struct State {
    address: String,
    files: BTreeMap<String, Vec<u8>>,
    /// The method is always GET: path, and range if one is asked for.
    requests: Mutex<Vec<String>>,
    fault: Mutex<Option<Fault>>,
}

/// A server with the files of `owner/tiny`, of which those of weights are kept outside of git.
pub struct Server(Arc<State>);

impl Server {
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, Vec<u8>)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let state = Arc::new(State {
            address: format!("http://{}", listener.local_addr().unwrap()),
            files: files.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect(),
            requests: Mutex::default(),
            fault: Mutex::default(),
        });
        let of_thread = state.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let state = of_thread.clone();
                std::thread::spawn(move || state.answer(connection.unwrap()));
            }
        });
        Server(state)
    }

    pub fn address(&self) -> &str {
        &self.0.address
    }

    /// From the next request on.
    pub fn fault(&self, fault: Fault) {
        *self.0.fault.lock().unwrap() = Some(fault);
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.requests.lock().unwrap())
    }
}

/// The SHA-256 of bytes, as text.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

type Headers<'a> = &'a [(&'a str, &'a str)];

impl State {
    fn answer(&self, mut connection: TcpStream) {
        let mut lines = BufReader::new(connection.try_clone().unwrap()).lines().map_while(Result::ok);
        let Some(request) = lines.next() else { return };
        let headers: BTreeMap<String, String> = lines
            .take_while(|line| !line.is_empty())
            .filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())))
            .collect();
        let path = request.split(' ').nth(1).unwrap();
        let range = headers.get("range").and_then(|range| range.strip_prefix("bytes="));
        let said = range.map_or_else(|| path.to_owned(), |range| format!("{path} {range}"));
        self.requests.lock().unwrap().push(said);
        let may_read = headers.get("authorization").is_some_and(|token| token == &format!("Bearer {TOKEN}"));

        // Whoever asks may close the connection early.
        let _ = match path.strip_prefix("/api/models/").map(|path| path.split('/').collect::<Vec<_>>()) {
            Some(parts) => self.list(&mut connection, &parts[..2].join("/"), parts[3]),
            None => match path.strip_prefix("/contents/") {
                Some(name) => self.send(&mut connection, name, range, &[]),
                None => self.resolve(&mut connection, &path[1..], range, may_read),
            },
        };
    }

    /// The commit and the files of a revision.
    fn list(&self, to: &mut TcpStream, repository: &str, revision: &str) -> std::io::Result<()> {
        match (repository, revision) {
            ("owner/tiny" | GATED | RENAMED, "main" | "v1" | COMMIT) => {
                let files = self.files.keys().map(|name| format!(r#"{{"rfilename":"{name}"}}"#)).collect::<Vec<_>>();
                let listing = format!(r#"{{"id":"{repository}","sha":"{COMMIT}","siblings":[{}]}}"#, files.join(","));
                write(to, "200 OK", &[("content-type", "application/json")], listing.as_bytes())
            }
            ("owner/tiny" | GATED | RENAMED, _) => {
                write(to, "404 Not Found", &[("x-error-code", "RevisionNotFound")], br#"{"error":"Invalid rev id"}"#)
            }
            ("owner/broken", _) => write(to, "503 Service Unavailable", &[], b"later"),
            // As the hub says it to who has no token.
            _ => write(to, "401 Unauthorized", &[], br#"{"error":"Invalid username or password."}"#),
        }
    }

    /// `owner/name/resolve/commit/file`: a file of git as it is, another by a redirection to its contents.
    fn resolve(&self, to: &mut TcpStream, path: &str, range: Option<&str>, may_read: bool) -> std::io::Result<()> {
        let parts: Vec<&str> = path.splitn(5, '/').collect();
        let [owner, name, "resolve", COMMIT, file] = parts[..] else { return write(to, "400 Bad Request", &[], b"") };
        let repository = format!("{owner}/{name}");
        if repository == RENAMED {
            let now = format!("/owner/tiny/resolve/{COMMIT}/{file}");
            return write(to, "307 Temporary Redirect", &[("location", &now)], b"");
        }
        if repository == GATED && !may_read {
            return write(to, "401 Unauthorized", &[("x-error-code", "GatedRepo")], b"Access to model is restricted.");
        }
        let Some(bytes) = self.files.get(file) else {
            return write(to, "404 Not Found", &[("x-error-code", "EntryNotFound")], b"Entry not found");
        };
        let (size, hash) = (bytes.len().to_string(), sha256(bytes));
        if !["safetensors", "gguf"].iter().any(|end| file.ends_with(end)) {
            let of_git = format!("\"{}\"", &hash[..40]);
            return self.send(to, file, range, &[("x-repo-commit", COMMIT), ("etag", &of_git)]);
        }
        let (linked, contents) = (format!("\"{hash}\""), format!("{}/contents/{file}", self.address));
        let headers = [
            ("x-repo-commit", COMMIT),
            ("x-linked-etag", &linked),
            ("x-linked-size", &size),
            ("etag", "\"of-the-redirection\""),
            ("location", &contents),
        ];
        write(to, "302 Found", &headers, b"")
    }

    /// A file, or the range of it that is asked for.
    fn send(&self, to: &mut TcpStream, file: &str, range: Option<&str>, headers: Headers<'_>) -> std::io::Result<()> {
        let mut bytes = self.files[file].clone();
        let size = bytes.len();
        let (start, end) = range.and_then(|range| range.split_once('-')).unwrap_or(("0", ""));
        let start: usize = start.parse().unwrap();
        let end = end.parse().map_or(size, |last: usize| (last + 1).min(size));
        if start >= end {
            return write(to, "416 Range Not Satisfiable", &[], b"");
        }
        // Not where only the size is asked for.
        let fault = self.fault.lock().unwrap().take_if(|fault| {
            matches!(fault, Fault::CutAfter(name, _) | Fault::Wrong(name) if *name == file) && end - start > 1
        });
        if let Some(Fault::Wrong(_)) = fault {
            bytes[size / 2] ^= 1;
        }
        let of = format!("bytes {start}-{}/{size}", end - 1);
        let headers = [headers, &[("content-range", &of), ("accept-ranges", "bytes")]].concat();
        let body = &bytes[start..end];
        head(to, "206 Partial Content", &headers, body.len())?;
        match fault {
            Some(Fault::CutAfter(_, count)) => to.write_all(&body[..count]),
            _ => to.write_all(body),
        }
    }
}

fn write(to: &mut TcpStream, status: &str, headers: Headers<'_>, body: &[u8]) -> std::io::Result<()> {
    head(to, status, headers, body.len())?;
    to.write_all(body)
}

fn head(to: &mut TcpStream, status: &str, headers: Headers<'_>, length: usize) -> std::io::Result<()> {
    write!(to, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n")?;
    headers.iter().try_for_each(|(name, value)| write!(to, "{name}: {value}\r\n"))?;
    write!(to, "\r\n")
}

//! A server of four files.

use std::io::{BufRead, BufReader, Error, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

const PAGE: &str = include_str!("../static/index.html");
const STYLE: &str = include_str!("../static/style.css");
const SCRIPT: &str = include_str!("../static/page.js");

/// No request of a browser is longer.
const LONGEST: u64 = 1 << 16;

/// The type and the bytes of what is at a path.
fn found<'a>(path: &str, program: &'a [u8]) -> Option<(&'static str, &'a [u8])> {
    match path {
        "/" => Some(("text/html; charset=utf-8", PAGE.as_bytes())),
        "/style.css" => Some(("text/css; charset=utf-8", STYLE.as_bytes())),
        "/page.js" => Some(("text/javascript; charset=utf-8", SCRIPT.as_bytes())),
        "/page.wasm" => Some(("application/wasm", program)),
        _ => None,
    }
}

/// Answers one request, and closes the connection.
fn answer(mut stream: TcpStream, program: &[u8]) -> Result<(), Error> {
    // A connection that asks for nothing would keep its thread.
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(&stream).take(LONGEST).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    drop(lines);
    let mut words = request.split(' ');
    let (method, path) = (words.next(), words.next().unwrap_or_default());
    let path = path.split('?').next().unwrap_or_default();
    let (status, (kind, bytes)) = match (method, found(path, program)) {
        (Some("GET"), Some(found)) => ("200 OK", found),
        (Some("GET"), None) => ("404 Not Found", ("text/plain", &b"there is no such page\n"[..])),
        _ => ("405 Method Not Allowed", ("text/plain", &b"this server is asked by GET\n"[..])),
    };
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(bytes)
}

/// Answers, for ever.
pub fn serve(listener: &TcpListener, program: &[u8]) {
    std::thread::scope(|scope| {
        for stream in listener.incoming().flatten() {
            // A browser that has gone away is none of the others' business.
            scope.spawn(|| answer(stream, program).ok());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(request: &str) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        answer(listener.accept().unwrap().0, b"\0asm").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn each_file_has_its_type() {
        let answer = asked("GET /page.wasm HTTP/1.1\r\nHost: here\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/wasm\r\nContent-Length: 4\r\n"));
        assert!(answer.ends_with("\r\n\r\n\0asm"));
        assert!(asked("GET /?seed=1 HTTP/1.1\r\n\r\n").ends_with(PAGE));
    }

    #[test]
    fn what_is_not_there_is_said_so() {
        assert!(asked("GET /../Cargo.toml HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 Not Found\r\n"));
        assert!(asked("POST / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
    }
}

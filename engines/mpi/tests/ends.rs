//! However one rank ends, all end soon, and say which one it was and why.

use congruent::dim::N;
use congruent::io::{LoadError, Writer};
use congruent::mesh::{Combine, Communicator, Mesh, Numbers, OnMesh};
use congruent::prelude::*;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

dims! { Embed = 2; }

fn main() {
    match env::var("CONGRUENT_TEST_END") {
        Ok(end) => congruent_mpi::run(|world| program(&world, &end)).unwrap(),
        Err(_) => check(),
    }
}

/// A program in which the second rank ends, or disagrees, and the others wait for it.
fn program(world: &Arc<dyn Communicator>, end: &str) -> Result<(), String> {
    let mut steps = 0;
    let mesh = Mesh::new(world.clone(), (N::<3>,)).map_err(|error| error.to_string())?;
    let own = own_file(end, world.rank());
    loop {
        world.all_reduce(Combine::Sum, Numbers::F32(&mut [1.0]));
        steps += 1;
        if steps < 20 {
            continue;
        }
        let error = |error: LoadError| error.to_string();
        let of_rank = |value: f32| Tensor::full((Embed,), if world.rank() == 1 { value } else { 1.0 });
        match end {
            "settings" => mesh.agree(if world.rank() == 1 { "a batch of 8" } else { "a batch of 4" }),
            "file" => {
                let mut writer = Writer::default();
                writer.add("bias", &of_rank(1.5));
                writer.write(&own).map_err(error)?;
                mesh.open(&own).map_err(error)?;
            }
            "parameters" => {
                let bias = of_rank(1.5).to_engine::<OnMesh<Cpu<f32>>>(&mesh.device());
                mesh.write(&own, |file| file.add("bias", &bias)).map_err(error)?;
            }
            "missing" => drop(mesh.open("/there/is/no/such/file").map_err(error)?),
            "unwritable" => mesh.write("/there/is/no/such/folder/file", |_| ()).map_err(error)?,
            _ => {}
        }
        if world.rank() != 1 {
            continue;
        }
        match end {
            "panic" => panic!("there is no more to do"),
            "error" => return Err("the file `weights` is not there".to_owned()),
            "kill" => Command::new("kill").args(["-9", &process::id().to_string()]).status().map(drop).unwrap(),
            "sleep" => thread::sleep(Duration::from_secs(3600)),
            "leave" => return Ok(()),
            "settings" | "file" | "parameters" | "missing" | "unwritable" => {}
            other => panic!("no end is called {other}"),
        }
    }
}

/// A file of one rank.
fn own_file(end: &str, rank: usize) -> PathBuf {
    env::temp_dir().join(format!("congruent-ends-{end}-{rank}"))
}

fn check() {
    for (end, expected) in [
        ("panic", "rank 1 of 3 ends all: panicked"),
        ("error", "rank 1 of 3 ends all: the file `weights` is not there"),
        ("kill", "rank 1"),
        ("sleep", "ends all: it waited 3 s for the others in the Sum of all"),
        ("leave", "ends all: it waited 3 s for the others in"),
        (
            "settings",
            "rank 0 of 3 ends all: the ranks do not do the same: rank 1: a batch of 8; ranks 0 and 2: a batch of 4",
        ),
        ("file", "is not the same on all ranks: rank 1: `bias`, F32 [2] with contents"),
        ("parameters", "is not the same on all ranks: rank 1: `bias`, F32 [2] with contents"),
        ("missing", "of 3 ends all: rank 0: /there/is/no/such/file: No such file or directory"),
        ("unwritable", "of 3 ends all: rank 0: /there/is/no/such/folder/file: No such file or directory"),
    ] {
        let begin = Instant::now();
        let Output { status, stdout, stderr } = run(end);
        let said = String::from_utf8_lossy(&stdout) + String::from_utf8_lossy(&stderr);
        assert!(!status.success(), "`{end}` ended well: {said}");
        assert!(said.contains(expected), "`{end}` says {said}");
        for rank in 0..3 {
            let _ = fs::remove_file(own_file(end, rank));
        }
        let messages = said.lines().filter(|line| line.contains("ends all: ")).count();
        assert!(messages == 1 || end == "kill" || end == "leave" || end == "sleep", "`{end}` says {said}");
        println!("{end}: all ended after {:.1} s", begin.elapsed().as_secs_f64());
    }
}

/// Three ranks; after a minute it is a failure.
fn run(end: &str) -> Output {
    let mut child = Command::new("mpirun")
        .args(["--allow-run-as-root", "--oversubscribe", "-n", "3"])
        .arg(env::current_exe().unwrap())
        .env("CONGRUENT_TEST_END", end)
        .env("CONGRUENT_MPI_TIMEOUT", "3")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("mpirun is there");
    let begin = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begin.elapsed() > Duration::from_secs(60) {
            child.kill().unwrap();
            panic!("`{end}`: the ranks hang");
        }
        thread::sleep(Duration::from_millis(50));
    }
    child.wait_with_output().unwrap()
}

//! Arguments that all programs have.

use crate::Devices;
use clap::error::{ContextKind, ErrorKind};
use clap::{Args, Command, Parser};
use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};

/// Where a program calculates.
#[derive(Args, Clone, Debug)]
pub struct Place {
    // Its help is that of the build.
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
    /// How many threads of congruent's own engine calculate; without it, as many as there are cores.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    threads: Option<usize>,
}

impl Place {
    /// The device that is asked for, after the number of threads is set.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn open<D>(&self, devices: Devices<D>) -> anyhow::Result<D> {
        if let Some(threads) = self.threads {
            congruent::threads::set(threads);
        }
        (devices.find)(self.device.as_deref())
    }
}

/// Reads a count that may not be zero.
///
/// # Errors
/// It is zero, or no count.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(error) if *error.kind() == IntErrorKind::PosOverflow => Err(reason(&error)),
        Err(_) => Err("it must be a whole number from 1 on".to_owned()),
    }
}

/// Reads a number from 0 on, which is finite.
///
/// # Errors
/// It is none.
pub fn not_negative(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number >= 0.0 => Ok(number),
        _ => Err("it must be a number from 0 on".to_owned()),
    }
}

/// Reads a number from 0 to 1.
///
/// # Errors
/// It is none.
pub fn probability(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err("it must be from 0 to 1".to_owned()),
    }
}

/// The arguments of a program that has a [`Place`], of which the first is its name.
///
/// # Errors
/// They cannot be, or help is asked for: [`leave`] prints what is to be said.
///
/// ```
/// use clap::Parser;
/// use common::{Place, parse, processor};
/// #[derive(Debug, Parser)]
/// struct Arguments {
///     #[command(flatten)]
///     place: Place,
/// }
/// let devices = processor("minilm");
/// let help = parse::<Arguments, _>(["minilm".into(), "--help".into()], &devices).unwrap_err().to_string();
/// assert!(help.contains("Where it calculates: `cpu`"));
/// let arguments = ["minilm", "--device", "CPU", "--threads", "2"].map(Into::into);
/// let arguments: Arguments = parse(arguments, &devices).unwrap();
/// assert!(arguments.place.open(devices).is_ok());
/// ```
pub fn parse<A: Parser, D>(
    arguments: impl IntoIterator<Item = OsString>,
    devices: &Devices<D>,
) -> Result<A, clap::Error> {
    read(A::command().mut_arg("device", |option| option.help(devices.help.clone())), arguments)
}

/// As [`parse`], of a program without a [`Place`].
///
/// # Errors
/// As of `parse`.
pub fn parse_plain<A: Parser>(arguments: impl IntoIterator<Item = OsString>) -> Result<A, clap::Error> {
    read(A::command(), arguments)
}

fn read<A: Parser>(command: Command, arguments: impl IntoIterator<Item = OsString>) -> Result<A, clap::Error> {
    // Else they are taken for options, and the error is about those.
    let mut command = command.mut_args(|argument| match argument.get_action().takes_values() {
        true => argument.allow_negative_numbers(true),
        false => argument,
    });
    let matches = command.try_get_matches_from_mut(arguments)?;
    A::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Ends the program as its arguments ask for: with help, or with a line that says what is wrong with them, and the status 2.
pub fn leave(error: clap::Error) -> ! {
    if !error.use_stderr() {
        error.exit();
    }
    // Nobody may read it.
    let _ = writeln!(io::stderr(), "{}", one_line(&error));
    std::process::exit(2)
}

/// An error of arguments in one line.
///
/// ```
/// # use clap::Parser;
/// #[derive(Debug, Parser)]
/// struct Arguments {
///     #[arg(long)]
///     seed: u64,
/// }
/// let line = |arguments: &[&str]| {
///     let arguments = ["program"].iter().chain(arguments).map(Into::into);
///     common::one_line(&common::parse_plain::<Arguments>(arguments).unwrap_err())
/// };
/// assert_eq!(line(&["--seed", "-1"]), "error: invalid value '-1' for '--seed <SEED>': it must be a whole number from 0 on");
/// assert_eq!(line(&["--sed", "1"]), "error: unexpected argument '--sed' found; a similar argument exists: '--seed' (see --help)");
/// assert_eq!(line(&[]), "error: the following required arguments were not provided: --seed <SEED> (see --help)");
/// ```
pub fn one_line(error: &clap::Error) -> String {
    let named = |kind| error.get(kind).map(ToString::to_string);
    if let (ErrorKind::ValueValidation, Some(argument), Some(value), Some(source)) =
        (error.kind(), named(ContextKind::InvalidArg), named(ContextKind::InvalidValue), error.source())
    {
        return format!("error: invalid value '{value}' for '{argument}': {}", reason(source));
    }
    let text = error.render().to_string();
    let mut line = String::new();
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    for part in lines.filter(|line| !line.is_empty() && !line.starts_with("For more information")) {
        match part.strip_prefix("tip: ") {
            Some(tip) => line += &format!("; {tip}"),
            None if line.is_empty() => line += part,
            None if line.ends_with(':') => line += &format!(" {part}"),
            None => line += &format!(", {part}"),
        }
    }
    line + " (see --help)"
}

/// What is wrong with a value, in words of this program rather than of the language it is written in.
fn reason(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<ParseIntError>().map(ParseIntError::kind) {
        Some(IntErrorKind::PosOverflow) => "it is too large".to_owned(),
        Some(_) => "it must be a whole number from 0 on".to_owned(),
        None if error.is::<ParseFloatError>() => "it must be a number".to_owned(),
        None => error.to_string(),
    }
}

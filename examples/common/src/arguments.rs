//! Arguments that all programs have.

use crate::Devices;
use clap::{Args, Parser};
use std::ffi::OsString;

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
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(error.to_string()),
    }
}

/// The arguments of a program that has a [`Place`], of which the first is its name.
///
/// # Errors
/// They cannot be, or help is asked for: [`clap::Error::exit`] prints what is to be said.
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
    let mut command = A::command().mut_arg("device", |option| option.help(devices.help.clone()));
    let matches = command.try_get_matches_from_mut(arguments)?;
    A::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

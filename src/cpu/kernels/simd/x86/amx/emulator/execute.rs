//! What the instructions of the matrix unit do.

use super::decode::Instruction;
use half::bf16;

/// The most rows of a tile, and the bytes of each.
const ROWS: usize = 16;
const ROW_BYTES: usize = 64;
const TILES: usize = 8;

#[derive(Clone, Copy)]
struct Tile {
    rows: usize,
    row_bytes: usize,
    bytes: [[u8; ROW_BYTES]; ROWS],
}

impl Tile {
    const NONE: Self = Tile { rows: 0, row_bytes: 0, bytes: [[0; ROW_BYTES]; ROWS] };

    fn word(&self, row: usize, column: usize) -> [u8; 4] {
        let bytes = &self.bytes[row][4 * column..];
        [bytes[0], bytes[1], bytes[2], bytes[3]]
    }

    /// Two numbers of 16 bits, of which the denormal ones count as zero.
    fn pair(&self, row: usize, column: usize) -> [f64; 2] {
        let [a, b, c, d] = self.word(row, column);
        [[a, b], [c, d]].map(|bytes| flushed(bf16::from_le_bytes(bytes).to_f32()) as f64)
    }
}

/// Zero of the same sign for a denormal number.
fn flushed(x: f32) -> f32 {
    if x.is_subnormal() { 0f32.copysign(x) } else { x }
}

/// Rounds to the nearest number, and to zero where that would be below the normal ones.
///
/// A product of two numbers of 8 bits has 16, and a sum of it and one of 24 bits that was first rounded to 53 is rounded as if it had
/// not been.
fn rounded(x: f64) -> f32 {
    /// What lies below it is rounded to less than the least normal number, whatever the exponent could be.
    const LEAST: f64 = f32::MIN_POSITIVE as f64 * (1.0 - f32::EPSILON as f64 / 4.0);
    if x.abs() < LEAST { 0f32.copysign(x as f32) } else { x as f32 }
}

/// The tiles of a thread.
pub struct Unit {
    palette: u8,
    tiles: [Tile; TILES],
}

impl Unit {
    pub const NEW: Self = Unit { palette: 0, tiles: [Tile::NONE; TILES] };

    pub fn is_configured(&self) -> bool {
        self.palette != 0
    }

    /// Executes an instruction, or says why a processor faults.
    ///
    /// # Safety
    /// Memory operands can be read or written.
    pub unsafe fn execute(&mut self, instruction: Instruction) -> Result<(), &'static str> {
        // SAFETY: the caller's; the instructions read and write 64 bytes, or the rows of a tile.
        unsafe {
            match instruction {
                Instruction::LoadConfiguration { from } => self.configure(&from.cast::<[u8; 64]>().read_unaligned())?,
                Instruction::StoreConfiguration { to } => to.cast::<[u8; 64]>().write_unaligned(self.configuration()),
                Instruction::Release => *self = Unit::NEW,
                Instruction::Zero { tile } => self.tile(tile)?.bytes = [[0; ROW_BYTES]; ROWS],
                Instruction::Load { tile, from, stride } => {
                    let tile = self.tile(tile)?;
                    tile.bytes = [[0; ROW_BYTES]; ROWS];
                    for (row, to) in tile.bytes[..tile.rows].iter_mut().enumerate() {
                        let from = from.wrapping_offset(row as isize * stride);
                        from.copy_to_nonoverlapping(to.as_mut_ptr(), tile.row_bytes);
                    }
                }
                Instruction::Store { tile, to, stride } => {
                    let tile = self.tile(tile)?;
                    for (row, from) in tile.bytes[..tile.rows].iter().enumerate() {
                        let to = to.wrapping_offset(row as isize * stride);
                        to.copy_from_nonoverlapping(from.as_ptr(), tile.row_bytes);
                    }
                }
                Instruction::DotBf16 { sums, a, b } => self.dot(sums, a, b)?,
            }
        }
        Ok(())
    }

    /// A tile that is configured.
    fn tile(&mut self, tile: usize) -> Result<&mut Tile, &'static str> {
        if !self.is_configured() {
            return Err("tiles are not configured");
        }
        Some(&mut self.tiles[tile]).filter(|tile| tile.rows > 0).ok_or("the tile has no rows")
    }

    fn configure(&mut self, bytes: &[u8; 64]) -> Result<(), &'static str> {
        let (palette, row_bytes, rows) = (bytes[0], &bytes[16..48], &bytes[48..]);
        *self = Unit::NEW;
        match palette {
            0 => return Ok(()),
            1 => self.palette = palette,
            _ => return Err("there is no such palette"),
        }
        if bytes[1..16].iter().any(|byte| *byte != 0) {
            return Err("a first row, or reserved bytes");
        }
        if row_bytes[2 * TILES..].iter().chain(&rows[TILES..]).any(|byte| *byte != 0) {
            return Err("more than eight tiles");
        }
        for (at, tile) in self.tiles.iter_mut().enumerate() {
            tile.row_bytes = u16::from_le_bytes([row_bytes[2 * at], row_bytes[2 * at + 1]]) as usize;
            tile.rows = rows[at] as usize;
            if tile.row_bytes > ROW_BYTES || tile.rows > ROWS {
                return Err("a tile that is too large");
            }
            if (tile.row_bytes == 0) != (tile.rows == 0) {
                return Err("rows without columns, or columns without rows");
            }
        }
        Ok(())
    }

    fn configuration(&self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[0] = self.palette;
        for (at, tile) in self.tiles.iter().enumerate() {
            bytes[16 + 2 * at..][..2].copy_from_slice(&(tile.row_bytes as u16).to_le_bytes());
            bytes[48 + at] = tile.rows as u8;
        }
        bytes
    }

    /// Products of pairs. The first numbers of pairs and the second ones are summed apart, from zero on, and each sum is rounded; then
    /// both are added, and that to what was there.
    fn dot(&mut self, sums: usize, a: usize, b: usize) -> Result<(), &'static str> {
        if sums == a || sums == b || a == b {
            return Err("one tile for two operands");
        }
        let (c, a, b) = (*self.tile(sums)?, *self.tile(a)?, *self.tile(b)?);
        if [c, a, b].iter().any(|tile| tile.row_bytes % 4 != 0) {
            return Err("rows of a part of a pair");
        }
        if c.rows != a.rows || c.row_bytes != b.row_bytes || a.row_bytes / 4 != b.rows {
            return Err("tiles that do not fit");
        }
        let columns = c.row_bytes / 4;
        let right: [[[f64; 2]; ROWS]; ROWS] = std::array::from_fn(|term| std::array::from_fn(|j| b.pair(term, j)));
        let to = self.tile(sums)?;
        to.bytes = [[0; ROW_BYTES]; ROWS];
        for i in 0..c.rows {
            let mut apart = [[0f32; 2]; ROWS];
            for (term, right) in right[..b.rows].iter().enumerate() {
                let left = a.pair(i, term);
                for (sums, right) in apart[..columns].iter_mut().zip(right) {
                    sums[0] = rounded(left[0] * right[0] + sums[0] as f64);
                    sums[1] = rounded(left[1] * right[1] + sums[1] as f64);
                }
            }
            for (j, [first, second]) in apart[..columns].iter().enumerate() {
                let before = flushed(f32::from_le_bytes(c.word(i, j)));
                let sum = rounded(before as f64 + rounded(*first as f64 + *second as f64) as f64);
                to.bytes[i][4 * j..][..4].copy_from_slice(&sum.to_le_bytes());
            }
        }
        Ok(())
    }
}

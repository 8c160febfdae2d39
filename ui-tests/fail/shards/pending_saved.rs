use congruent::io::Writer;
use congruent::mesh::Partial;
use congruent::prelude::*;

dims! { Model = 2; Batch = 4; Embed = 8; }

fn wrong(sum: Partial<(Batch, Embed), Model>, mut writer: Writer) {
    writer.add("sum", &sum);
}

fn main() {}

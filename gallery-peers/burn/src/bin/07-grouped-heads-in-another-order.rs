use gallery_burn::*;

fn main() {
    let (q, k) = (wave([1, 4, 2, 2]), wave([1, 2, 3, 2])); // 4 query heads share 2 key heads: 0 0 1 1
    let right = k.clone().unsqueeze_dim::<5>(2).repeat_dim(2, 2).reshape([1, 4, 3, 2]);
    let wrong = k.repeat_dim(1, 2);
    report(attend(q.clone(), wrong.clone(), wrong), attend(q, right.clone(), right));
}

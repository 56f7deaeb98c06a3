//! Gradients against finite differences.

use crate::*;

/// Central differences of `loss` in a few coordinates of `parameters` against `gradient`.
pub(crate) fn check_gradient(parameters: &[f32], gradient: &[f32], loss: impl Fn(&[f32]) -> f64) {
    let step = 1e-3f32;
    for i in (0..parameters.len()).step_by((parameters.len() / 40).max(1)) {
        let mut moved = parameters.to_vec();
        moved[i] = parameters[i] + step;
        let up = loss(&moved);
        moved[i] = parameters[i] - step;
        let down = loss(&moved);
        let numeric = (up - down) / (2.0 * f64::from(step));
        let error = (numeric - f64::from(gradient[i])).abs();
        assert!(error < 2e-2 * (1.0 + numeric.abs()), "coordinate {i}: {} against {numeric}", gradient[i]);
    }
}

#[test]
fn mlp_gradients() {
    let rng = &mut mdp::rng_for(1, &[]);
    let mlp = Mlp::new(&[3, 8, 5, 2], rng);
    let input = normals(4 * 3, 1.0, rng);
    let target = normals(4 * 2, 1.0, rng);
    let loss = |mlp: &Mlp, input: &[f32]| -> f64 {
        mlp.apply(input).iter().zip(&target).map(|(y, t)| f64::from(y - t).powi(2)).sum()
    };
    let trace = mlp.forward(&input);
    let upstream: Vec<f32> = trace.output().iter().zip(&target).map(|(y, t)| 2.0 * (y - t)).collect();
    let mut gradient = vec![0.0; mlp.parameters.len()];
    let input_gradient = mlp.backward(&trace, &upstream, &mut gradient);
    let with = |p: &[f32]| {
        let mut moved = mlp.clone();
        moved.parameters = p.to_vec();
        moved
    };
    check_gradient(&mlp.parameters, &gradient, |p| loss(&with(p), &input));
    check_gradient(&input, &input_gradient, |x| loss(&mlp, x));
}

//! An ensemble as named tensors, there and back.

use super::ensemble::DeepFmEnsemble;
use super::network::{DeepFm, ItemCategories, Table};
use artefact::Tensors;
use nn::Mlp;

impl DeepFmEnsemble {
    /// Puts every parameter under `prefix`.
    pub(crate) fn store(&self, prefix: &str, tensors: &mut Tensors) {
        tensors.insert(&format!("{prefix}.variance_scale"), &[1], vec![self.variance_scale]);
        for (index, member) in self.members.iter().enumerate() {
            let network = &member.network;
            let name = |part: &str| format!("{prefix}.{index}.{part}");
            let tables =
                [("users", &network.users), ("items", &network.items), ("categories", &network.categories)];
            for (part, table) in tables {
                tensors.insert(&name(part), &[table.n_rows(), table.width], table.values.clone());
            }
            let trunk = &network.trunk.parameters;
            tensors.insert(&name("trunk"), &[trunk.len()], trunk.clone());
            tensors.insert(&name("heads"), &[network.heads.len()], network.heads.clone());
        }
    }

    /// Takes an ensemble out; the error names the first tensor that is absent, misshapen or not finite.
    pub(crate) fn take(
        prefix: &str,
        tensors: &mut Tensors,
        n_users: usize,
        content: &ItemCategories,
        (embedding_dim, hidden, n_members): (usize, &[usize], usize),
    ) -> Result<Self, String> {
        let mut take = |name: String, shape: &[usize]| {
            let values =
                tensors.take(&name, shape).ok_or_else(|| format!("tensor {name} is not {shape:?}"))?;
            let is_finite = values.iter().all(|x| x.is_finite());
            if is_finite { Ok(values) } else { Err(format!("tensor {name} is not finite")) }
        };
        let scale = take(format!("{prefix}.variance_scale"), &[1])?[0];
        let width = embedding_dim + 1;
        let mut sizes = vec![2 * embedding_dim];
        sizes.extend(hidden);
        let n_trunk = sizes.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum();
        let n_heads = 2 * sizes[sizes.len() - 1] + 1;
        let mut networks = Vec::new();
        for index in 0..n_members {
            let name = |part: &str| format!("{prefix}.{index}.{part}");
            let mut table = |part: &str, n_rows: usize| {
                take(name(part), &[n_rows, width]).map(|values| Table { width, values })
            };
            let users = table("users", n_users)?;
            let items = table("items", content.n_items())?;
            let categories = table("categories", content.n_categories())?;
            let parameters = take(name("trunk"), &[n_trunk])?; // before anything of that size is made
            let mut trunk = Mlp::new(&sizes, &mut mdp::rng_for(0, &[]));
            trunk.parameters = parameters;
            let heads = take(name("heads"), &[n_heads])?;
            networks.push(DeepFm { users, items, categories, trunk, heads });
        }
        if networks.is_empty() {
            return Err("an ensemble without members".into());
        }
        Ok(Self::of(networks, content, scale))
    }
}

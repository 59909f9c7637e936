//! Roles: what somebody may do.

/// What somebody may do; each may do all that the ones before may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees all listings, published or not.
    Viewer,
    /// Writes listings.
    Editor,
    /// Manages users.
    Admin,
}

impl Role {
    /// Every role, the least first.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Editor, Role::Admin];

    /// The word for it in the database and in forms.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Editor => "editor",
            Role::Admin => "admin",
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A check constraint keeps the column to our words; a word from nowhere gives the fewest rights.
pub(super) fn role(name: &str) -> Role {
    Role::named(name).unwrap_or(Role::Viewer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_do_all_that_the_ones_before_may() {
        assert!(Role::Viewer < Role::Editor && Role::Editor < Role::Admin);
        assert_eq!(Role::ALL.map(|role| Role::named(role.name())), Role::ALL.map(Some));
        assert_eq!(role("owner"), Role::Viewer);
    }
}

//! Makes of authenticators, to name passkeys to the people who have them.
//!
//! Nothing proves an AAGUID without attestation: it is for display alone.
//!
//! The names of password managers and platforms are those of `aaguid.json`, and the names of security keys those of
//! `combined_aaguid.json` (from the FIDO Metadata Service), in
//! <https://github.com/passkeydeveloper/passkey-authenticator-aaguids> of 2026-08-07 and 2025-07-02.

/// What an authenticator calls itself, where it is known. A passkey in a password manager has the manager's name.
#[must_use]
pub fn name(aaguid: &[u8; 16]) -> Option<&'static str> {
    let aaguid = u128::from_be_bytes(*aaguid);
    NAMES
        .iter()
        .find(|(known, _)| *known == aaguid)
        .map(|(_, name)| *name)
}

const NAMES: &[(u128, &str)] = &[
    (0xfbfc3007_154e_4ecc_8c0b_6e020557d7bd, "Apple Passwords"),
    (
        0xdd4ec289_e01d_41c9_bb89_70fa845d4bf2,
        "iCloud Keychain (Managed)",
    ),
    (
        0xea9b8d66_4d01_1d21_3ce4_b6b48cb575d4,
        "Google Password Manager",
    ),
    (0x08987058_cadc_4b81_b6e1_30de50dcbe96, "Windows Hello"),
    (0x9ddd1817_af5a_4672_a2b9_3e3dd95000a9, "Windows Hello"),
    (0x6028b017_b1d4_4c02_b4b3_afcdafc96bb2, "Windows Hello"),
    (
        0xd3452668_01fd_4c12_926c_83a4204853aa,
        "Microsoft Password Manager",
    ),
    (0xadce0002_35bc_c60a_648b_0b25f1f05503, "Chrome on Mac"),
    (0xb5397666_4885_aa6b_cebf_e52262a439a2, "Chromium Browser"),
    (0x771b48fd_d3d4_4f74_9232_fc157ab0507a, "Edge on Mac"),
    (0x53414d53_554e_4700_0000_000000000000, "Samsung Pass"),
    (0xbada5566_a7aa_401f_bd96_45619a55120d, "1Password"),
    (0xd548826e_79b4_db40_a3d8_11116f7e8349, "Bitwarden"),
    (0x531126d6_e717_415c_9320_3d9aa6981239, "Dashlane"),
    (0xf3809540_7f14_49c1_a8b3_8f813b225541, "Enpass"),
    (0xfdb141b2_5d84_443e_8a35_4698c205a502, "KeePassXC"),
    (0xeaecdef2_1c31_5634_8639_f1cbd9c00a08, "KeePassDX"),
    (0x0ea242b4_43c4_4a1b_8b17_dd6d0b6baec6, "Keeper"),
    (0xb78a0a55_6ef8_d246_a042_ba0f6d55050c, "LastPass"),
    (0xb84e4048_15dc_4dd0_8640_f4f60813c8af, "NordPass"),
    (0x50726f74_6f6e_5061_7373_50726f746f6e, "Proton Pass"),
    (0xde503f9c_21a4_4f76_b4b7_558eb55c6f89, "Devolutions"),
    (0xb35a26b2_8f6e_4697_ab1d_d44db4da28c6, "Zoho Vault"),
    (
        0xfa37f553_f9b6_4adb_ac53_8bbb57ebdf0d,
        "Norton Password Manager",
    ),
    (
        0x57f7de54_c807_4eab_b1c6_1c9be7984e92,
        "YubiKey 5 FIPS Series",
    ),
    (
        0x73bb0cd4_e502_49b8_9c6f_b59445bf720b,
        "YubiKey 5 FIPS Series",
    ),
    (
        0x7b96457d_e3cd_432b_9ceb_c9fdd7ef7432,
        "YubiKey 5 FIPS Series with Lightning",
    ),
    (
        0x85203421_48f9_4355_9bc8_8a53846e5083,
        "YubiKey 5 FIPS Series with Lightning",
    ),
    (
        0xc1f9a0bc_1dd2_404a_b27f_8e29047a43fd,
        "YubiKey 5 FIPS Series with NFC",
    ),
    (
        0xfcc0118f_cd45_435b_8da1_9782b2da0715,
        "YubiKey 5 FIPS Series with NFC",
    ),
    (0x19083c3d_8383_4b18_bc03_8f1c9ab2fd1b, "YubiKey 5 Series"),
    (0xcb69481e_8ff7_4039_93ec_0a2729a154a8, "YubiKey 5 Series"),
    (0xee882879_721c_4913_9775_3dfcce97072a, "YubiKey 5 Series"),
    (0xff4dac45_ede8_4ec2_aced_cf66103f4335, "YubiKey 5 Series"),
    (
        0x24673149_6c86_42e7_98d9_433fb5b73296,
        "YubiKey 5 Series with Lightning",
    ),
    (
        0xa02167b9_ae71_4ac7_9a07_06432ebb6f1c,
        "YubiKey 5 Series with Lightning",
    ),
    (
        0xc5ef55ff_ad9a_4b9f_b580_adebafe026d0,
        "YubiKey 5 Series with Lightning",
    ),
    (
        0x2fc0579f_8113_47ea_b116_bb5a8db9202a,
        "YubiKey 5 Series with NFC",
    ),
    (
        0xa25342c0_3cdc_4414_8e46_f4807fca511c,
        "YubiKey 5 Series with NFC",
    ),
    (
        0xd7781e5d_e353_46aa_afe2_3ca49f13332a,
        "YubiKey 5 Series with NFC",
    ),
    (
        0xfa2b99dc_9e39_4257_8f92_4a30d23c4118,
        "YubiKey 5 Series with NFC",
    ),
    (
        0x662ef48a_95e2_4aaa_a6c1_5b9c40375824,
        "YubiKey 5 Series with NFC - Enhanced PIN",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aaguids_stand_once_and_are_read_as_they_are_written() {
        for (at, (aaguid, _)) in NAMES.iter().enumerate() {
            assert!(NAMES.iter().skip(at + 1).all(|(other, _)| other != aaguid));
        }
        assert_eq!(name(b"Proton Pass\0\0\0\0\0"), None);
        assert_eq!(name(b"ProtonPassProton"), Some("Proton Pass"));
        assert_eq!(name(&[0; 16]), None);
    }
}

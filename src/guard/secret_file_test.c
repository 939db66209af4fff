/* secret_file: which names are said to hold secrets, and which neighbours are not. */
#include "guard/secret_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const sure[] = {
    ".dockercfg",
    ".s3cfg",
    "_netrc",
    "pgpass",
    "home/.config/hub",
    "doctl/config.yaml",
    "home/.purple/accounts.xml",
    "a.keypair",
    "a.pkcs12",
    "a.jks",
    "a.keyring",
    "a.kdb",
    "a.kdbx",
    "a.psafe3",
    "a.agilekeychain",
    "a.keychain",
    "a.kwallet",
    "a.bek",
    "a.fve",
    "a.tpm",
    "a.ovpn",
    "a.tblk",
    ".git-credentials",
    "www/.htpasswd",
    "htpasswd",
    "proftpdpasswd",
    "otr.private_key",
    "htdigest",
    "rootfs/etc/shadow",
    "android.keystore",
    ".dev.vars",
    ".dev.vars.staging",
    ".subversion/auth/svn.simple/a",
    ".htdigest",
    ".databrickscfg",
    ".kaggle/kaggle.json",
    ".dockerconfigjson",
    "ssh_host_rsa_key",
    "prod.auto.tfvars.json",
    "system-connections/home.nmconnection",
    "a.1pux",
    "#.env#",
    ".env",
    "backend/.env.local",
    ".env_prod",
    ".envrc",
    ".envs/.local",
    "prod.env",
    ".env.bak",
    ".env~",
    ".aws/config",
    ".kube/config",
    "deploy/kubeconfig",
    "stage.kubeconfig",
    "id_rsa",
    "id_ed25519.old",
    "tls/server.key",
    "server.key.bak",
    "a.pem",
    "b.P12",
    "Client.PFX",
    "client_secret_12.apps.json",
    ".bash_history",
    ".npmrc",
    "x/.netrc",
    ".gem/credentials",
    "credentials.json.orig",
    "prod.tfvars",
    "terraform.tfstate.backup",
    "state.tfstate.gz",
    "@.env",
    "Body=@.env",
    "f=.pgpass",
    "home/me/.ssh/known_hosts",
    "certs.key/a",
    ".gnupg/a",
    ".docker/config.json",
    ".azure/a",
    ".password-store/a.gpg",
    ".pypirc",
    ".my.cnf",
    ".mylogin.cnf",
    ".vault-token",
    ".vault_pass",
    ".boto",
    "credentials.csv",
    ".cargo/credentials.toml",
    "rootKey.csv",
    "accessKeys.csv",
    "secrets.json",
    "secrets.yml",
    "secrets.yaml",
    ".streamlit/secrets.toml",
    "accessTokens.json",
    "service-account.json",
    "service_account.json",
    "serviceAccountKey.json",
    "gcloud/application_default_credentials.json",
    "secring.gpg",
    ".terraformrc",
    ".config/gh/hosts.yml",
    ".composer/auth.json",
    "self/environ",
    "id_ecdsa",
    "id_dsa",
    "a.ppk",
    "a.p8",
    "a.pk8",
    "krb5.keytab",
};
static const char *const maybe[] = {
    "shadow",
    "wp-config.php",
    "app/db_config.php",
    "rootfs/etc/passwd",
    "login data",
    "a.session",
    "api_key",
    "my-api-key.txt",
    "private_key",
    "1password.csv",
    "app/settings_local.py",
    "instance/config.py",
    ".flaskenv",
    ".chalice/config.json",
    "zappa_settings.json",
    ".yarnrc.yml",
    "application-prod.properties",
    "application-prod.yml",
    "serverless.env.yml",
    "local.env.yaml",
    "sam.env.json",
    "env.json",
    "env.yml",
    "users.csv",
    "users-2026.xlsx",
    "customers_de.csv",
    "customers.xlsx",
    "recovery-codes.txt",
    "recovery_codes.txt",
    "backup-codes.txt",
    "keystore.json",
    "oauth2.json",
    "wallet.dat",
    "mnemonic.txt",
    "a.duckdb",
    "app.sqlite-journal",
    "a.pst",
    "inbox.mbox",
    "full_backup.zip",
    "full-backup.tar.gz",
    "passwords",
    ".secrets",
    "ipsec.secrets",
    "aws_credentials",
    "deploy_key",
    "deployKey",
    "KEY.json",
    "keys.txt",
    "authorized_keys",
    "token",
    ".token",
    "access_token",
    "refresh-tokens.json",
    "jwt.txt",
    "bearer.txt",
    "oauth.json",
    "pass.txt",
    "pwd.txt",
    "ansible_vault_pass",
    "session.json",
    "cookies.txt",
    "login.csv",
    "logins.csv",
    "private",
    "bitwarden_export.csv",
    "lastpass.csv",
    "1password.csv",
    "bw_export.json",
    ".htaccess",
    ".pg_service.conf",
    "pg_service.conf",
    "odbc.ini",
    ".odbc.ini",
    "tnsnames.ora",
    ".ldaprc",
    ".wgetrc",
    ".curlrc",
    "_curlrc",
    ".netlify/config.json",
    ".snowsql/config",
    ".dbt/profiles.yml",
    ".wandb/settings",
    ".ngrok2/ngrok.yml",
    "wg0.conf",
    "wireguard.conf",
    "wpa_supplicant.conf",
    "rclone.conf",
    ".rclone.conf",
    ".mc/config.json",
    "hgrc",
    ".hgrc",
    ".bzr/authentication.conf",
    ".config/op/config",
    "Pulumi.prod.yaml",
    "inventory.ini",
    "hosts.ini",
    "group_vars/all.yml",
    "host_vars/web.yml",
    "bot.session",
    "Login Data",
    "users.bson",
    "a.ldb",
    "appendonly.aof",
    "a.parquet",
    "a.archive",
    "export.sql",
    "auth.json",
    "dump.sql",
    "db/backup.sql",
    "2024-01-01-dump.sql",
    "site.sql.gz",
    "app.db",
    "db.sqlite3",
    "app.db.bak",
    "passwords.csv",
    "k8s/secret.yaml",
    "old_secrets.txt",
    "x-credentials.json",
    "credentials.yml.enc",
    "my-service-account-prod.json",
    "p-firebase-adminsdk-1.json",
    "deploy_rsa",
    "vault.yml",
    "group_vars/all/vault.yml",
    "kubeconfig-prod.yaml",
    "env.production",
    "wp-config.php",
    "config/database.yml",
    "a.har",
    "heap.hprof",
    ".git/config",
    "secring.asc",
    "backup.tar.gz",
    "backup-1.zip",
    "appsettings.Production.json",
    "api_keys.json",
    "creds.ini",
    "passwd.txt.old",
    "token.json",
    "tokens.json",
    "google-services.json",
    "GoogleService-Info.plist",
    "app/local_settings.py",
    "configuration.php",
    "settings.php",
    "web.config",
    "acme.json",
    "jupyter_server_config.json",
    "ftp-sync.json",
    "ftpsync.settings",
    "dataSources.xml",
    "dataSources.local.xml",
    ".msmtprc",
    ".fetchmailrc",
    "zsh_history",
    "sh_history",
    "env.local",
    "env.dev",
    "env.development",
    "env.staging",
    "env.prod",
    ".vault-pass.txt",
    "vault.yaml",
    "vault-init.json",
    "kubeconfig.yml",
    "a.gpg",
    "a.publishsettings",
    "apikey.txt",
    "api-key.txt",
    "privatekey.xml",
    "my_service_account.json",
    "gcpServiceAccount.json",
    "a.db3",
    "a.db-wal",
    "a.sqlite3-wal",
    "a.mdb",
    "a.accdb",
    "dump.rdb",
    "latest.dump",
    "a.dmp",
    "a-backup.sql",
    "a.sql.bz2",
    "a.sql.xz",
    "a.sql.zst",
    "data.sql",
    "database.sql",
    "db.sql",
    "prod.sql",
    "production.sql",
    "pg_dump.custom",
    "backup.tgz",
    "a.pcapng",
    "a.heapsnapshot",
    "a.core",
};
/* What people look at while they write an application. */
static const char *const none[] = {
    "README.md",
    ".env.example",
    "a/.env.sample",
    "example.env",
    "credentials.json.example",
    "id_rsa.pub",
    ".environment",
    "environment.ts",
    "env.py",
    "environment.yml",
    "app/application-form.tsx",
    "users.json",
    "alembic/env.py",
    "src/env.d.ts",
    "vite-env.d.ts",
    "backend/auth.py",
    "src/token.ts",
    "src/tokens.css",
    "components/PasswordInput.tsx",
    "tests/test_password.py",
    "docs/secrets.md",
    "secrets.py",
    "reset_password.html",
    "migrations/0001_initial.sql",
    "schema.sql",
    "db/seed.sql",
    "queries.sql",
    "src/database.py",
    "database.ts",
    "src/db",
    "keys.py",
    "key.ts",
    "public/keyboard.json",
    "monkey.json",
    "i18n/en.json",
    "settings.py",
    "config.py",
    "package.json",
    "uv.lock",
    "main.py.bak",
    "app.log",
    "dist/main.css.gz",
    ".gitignore",
    ".dockerignore",
    "dump.py",
    "src/history.ts",
    "certificate.crt",
    ".vscode/settings.json",

    "a=b",
    "",
};

/* gitrob's and shhgit's signatures of files (both MIT), one name for each. */
static const char *const published[] = {
    "a.pem",
    "a.pkcs12",
    "a.p12",
    "a.pfx",
    "a.asc",
    "otr.private_key",
    "a.ovpn",
    "a.cscfg",
    "a.rdp",
    "a.mdf",
    "a.sdf",
    "a.sqlite",
    "a.sqlite3",
    "a.bek",
    "a.tpm",
    "a.fve",
    "a.jks",
    "a.psafe3",
    "secret_token.rb",
    "carrierwave.rb",
    "database.yml",
    "omniauth.rb",
    "a.agilekeychain",
    "a.keychain",
    "a.pcap",
    "a.gnucash",
    "jenkins.plugins.publish_over_ssh.BapSshPublisherPlugin.xml",
    "credentials.xml",
    "a.kwallet",
    "LocalSettings.php",
    "a.tblk",
    "Favorites.plist",
    "configuration.user.xpl",
    "a.dayone",
    "knife.rb",
    "proftpdpasswd",
    "robomongo.json",
    "filezilla.xml",
    "recentservers.xml",
    "ventrilo_srv.ini",
    "terraform.tfvars",
    ".exports",
    ".functions",
    ".extra",
    "a_rsa",
    "a_dsa",
    "a_ed25519",
    "a_ecdsa",
    ".ssh/config",
    "ssh/config",
    "a.key",
    "a.keypair",
    ".bash_history",
    "bash_history",
    ".zsh_history",
    ".sh_history",
    ".zhistory",
    ".history",
    ".mysql_history",
    "mysql_history",
    ".psql_history",
    ".pgpass",
    "pgpass",
    ".irb_history",
    ".purple/accounts.xml",
    ".xchat2/servlist_.conf",
    ".irssi/config",
    ".recon-ng/keys.db",
    ".dbeaver-data-sources.xml",
    "dbeaver-data-sources.xml",
    ".muttrc",
    "muttrc",
    ".s3cfg",
    ".aws/credentials",
    "sftp-config",
    "sftp-config.json",
    ".trc",
    ".bashrc",
    ".zshrc",
    ".cshrc",
    ".profile",
    ".bash_profile",
    ".zsh_profile",
    ".aliases",
    ".bash_aliases",
    ".zsh_aliases",
    "config.php",
    "config.inc.php",
    "wp-config.php",
    "a.keystore",
    "a.keyring",
    "a.kdb",
    "a.kdbx",
    "a.sqldump",
    ".htpasswd",
    "htpasswd",
    ".netrc",
    "_netrc",
    ".gem/credentials",
    ".tugboat",
    "doctl/config.yaml",
    ".git-credentials",
    ".config/hub",
    ".gitconfig",
    ".chef/a.pem",
    "etc/shadow",
    "etc/passwd",
    ".dockercfg",
    ".npmrc",
    ".env",
    "env",
    ".esmtprc",
    "logins.json",
    "CCCam.cfg",
    "WebServers.xml",
    "deployment-config.json",
    ".ftpconfig",
    ".remote-sync.json",
    "sftp.json",
    "sitemanager.xml",
    "WinSCP.ini",
    "ws_ftp.ini",
    "jupyter_notebook_config.json",
    "prod.secret.exs",
    "prod.exs",
    "connections.xml",
    "express.conf",
    "sshd_config",
    "server.cfg",
    "users.sql",
    "creds.txt",
    "github-recovery-codes.txt",
    "gitlab-recovery-codes.txt",
    "discord_backup_codes.txt",
    "idea14.key",
    "application.properties",
    "application.yml",
    "mongoid.yml",
};
/* Theirs, and not ours: what they are for is read every day, and what is printed passes the mask.
 */
static const char *const not_ours[] = {
    "a.log",       /* logs are what a failure is looked for in */
    "settings.py", /* the settings of an application are its source */
    "a.sql",       /* so are its migrations; a dump says so */
    "journal.txt", /* a diary's, and everybody's */
    "history",     /* a folder of many applications */
};

static void check(const char *const *names, size_t n, enum secret_file lowest,
                  enum secret_file highest) {
    int wrong = 0;

    for (size_t i = 0; i < n; i++) {
        enum secret_file degree = secret_file_of(str_from(names[i]));
        if (degree < lowest || degree > highest) {
            printf("# %s: %d\n", names[i], degree);
            wrong++;
        }
    }
    assert_int_equal(wrong, 0);
}

#define CHECK(names, lowest, highest)                                                              \
    check(names, ARRAY_N(names), SECRET_FILE_##lowest, SECRET_FILE_##highest)

static void what_is_there_for_secrets_is_sure(void **state) {
    (void)state;
    CHECK(sure, SURE, SURE);
}

static void what_holds_them_by_a_programs_habit_may(void **state) {
    (void)state;
    CHECK(maybe, MAYBE, MAYBE);
}

static void what_an_application_is_made_of_is_none(void **state) {
    (void)state;
    CHECK(none, NONE, NONE);
}

static void what_others_list_is_listed(void **state) {
    (void)state;
    CHECK(published, MAYBE, SURE);
    CHECK(not_ours, NONE, NONE);
}

static void capitals_and_a_path_in_front_change_nothing(void **state) {
    (void)state;
    for (size_t i = 0; i < ARRAY_N(published); i++) {
        char path[128];
        char name[96];
        size_t n = 0;

        for (; published[i][n] != '\0'; n++) {
            char c = published[i][n];
            name[n] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        }
        name[n] = '\0';
        (void)snprintf(path, sizeof path, "a/b.c/%s", name);
        if (secret_file_of(str_from(path)) == SECRET_FILE_NONE) {
            fail_msg("%s", path);
        }
    }
}

/* A path for each row, which its index must lead to. */
static void each_row_finds_what_it_is_for(void **state) {
#define FOLDER(text, ending) "a/" text
#define NAME(text, ending) text
#define BELOW(text, ending) "a/" text
#define PATH(text, ending) "a/" text
#define ENDS(text, ending) "a" text
#define STARTS(text, ending) text ending
#define HAS(text, ending) "a" text "a.json"
#define WORD(text, ending) "a-" text ".json"
#define F(degree, how, text, ending, what) {how(text, ending), SECRET_FILE_##degree},
    static const struct {
        const char *path;
        enum secret_file degree;
    } rows[] = {
#include "guard/secret_file.def"
    };
#undef F
#undef FOLDER
#undef NAME
#undef BELOW
#undef PATH
#undef ENDS
#undef STARTS
#undef HAS
#undef WORD
    (void)state;
    for (size_t i = 0; i < ARRAY_N(rows); i++) {
        if (secret_file_of(str_from(rows[i].path)) < rows[i].degree) {
            fail_msg("%s", rows[i].path);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_for_secrets_is_sure),
        cmocka_unit_test(what_holds_them_by_a_programs_habit_may),
        cmocka_unit_test(what_an_application_is_made_of_is_none),
        cmocka_unit_test(what_others_list_is_listed),
        cmocka_unit_test(each_row_finds_what_it_is_for),
        cmocka_unit_test(capitals_and_a_path_in_front_change_nothing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("secret_file", tests, NULL, NULL);
}

/* redact: what a program takes as a password by its place is masked, and what stands beside it is
 * not. Written from the programs' manuals; the rows of rules.c have examples of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "guard/redact/redact_fixture.h"

/* clang-format off */
static const char *const places[] = { /* X is the password */
    "curl -u admin:X https://h.example/a", "curl --user \"admin:X\" -O https://h.example/a", "curl -s -x p.example:80 -U bob:X https://h.example",
    "psexec \\\\host -u adm -p X cmd.exe", "sshpass -p X ssh root@h.example", "sshpass -p 'X' scp a b:",
    "mysql -h db -u root -pX shop", "mysqldump --single-transaction -uroot -pX shop > a.sql", "mysqladmin -u root password X",
    "mariadb -u root -pX", "redis-cli -h r.example -a X ping", "mongosh --host m -u root -p X", "mongodump -u root -p X --out d",
    "sqlcmd -S s -U sa -P X -Q 'select 1'", "sqlplus scott/X@orcl", "CREATE USER bob IDENTIFIED BY 'X';", "docker login -u bob -p X r.example",
    "podman login -p X r.example", "az login -u bob@x.example -p X", "vault login X", "gh secret set NAME --body X",
    "kubectl create secret generic db --from-literal=any=X", "aws ssm put-parameter --name /a/b --type SecureString --value X",
    "ConvertTo-SecureString 'X' -AsPlainText -Force", "openssl enc -aes-256-cbc -k X -in f", "openssl rsa -in k -passin pass:X",
    "htpasswd -bc users bob X", "ldapsearch -x -D cn=a -w X -b dc=b", "smbclient -U bob%X //h/s", "net use Z: \\\\h\\s X /user:bob",
    "ssh-keygen -t ed25519 -N X -f k", "unzip -P X a.zip", "zip -r -P X a.zip d", "smtp.login(\"bob\", \"X\")",
    "7z x -pX a.7z", "rabbitmqctl add_user bob X", "rabbitmqctl change_password bob X", "wpa_passphrase home X", "echo X | docker login -u bob --password-stdin",
    "[\"curl\", \"-u\", \"bob:X\", \"https://h.example\"]", "{\"cmd\": \"mysql -u root -pX shop\", \"n\": 1}",
};
static const char *const plain[] = {
    "curl -u admin https://h.example/a", "mysql -h db -P 3306 -u root", "ssh -p 2222 h.example", "docker run -p 8080:80 nginx",
    "mkdir -p a/b", "sqlcmd -S s -E -Q 'select 1'", "openssl req -new -key k.pem -out r.pem", "unzip -d out a.zip", "redis-cli -h r.example ping",
    "kubectl create secret generic db --from-file=f", "vault login -method=oidc", "htpasswd users bob", "ssh-keygen -t ed25519 -f k",
    "7z x -oout a.7z", "rabbitmqctl add_user bob", "rabbitmqctl set_permissions -p / bob \".*\"", "cat f | docker login --password-stdin",
};
/* clang-format on */

static void passwords_that_a_program_takes_by_place_are_masked(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    for (size_t i = 0; i < ARRAY_N(places); i++) {
        const char *hole = strrchr(places[i], 'X');
        CLEANUP(freep)
        char *text = mem_format("%.*sTulip_Fog7e%s", (int)(hole - places[i]), places[i], hole + 1);
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

        if (strstr(masked, "Tulip") != NULL || strstr(masked, "***") == NULL) {
            fail_msg("%s\n -> %s", text, masked);
        }
        check_fixpoint(redactor, str_from(text), places[i]);
    }
}

static void arguments_that_are_no_passwords_stay(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    check_stays(redactor, plain, ARRAY_N(plain));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_that_a_program_takes_by_place_are_masked),
        cmocka_unit_test(arguments_that_are_no_passwords_stay),
    };

    return cmocka_run_group_tests_name("redact_argument", tests, NULL, NULL);
}

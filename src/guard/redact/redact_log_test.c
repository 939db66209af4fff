/* redact: values under names as logs have them: behind what a log puts before a line, in colours,
 * in prompts, plans, dumps and strings of JSON. Each row is the whole text and all of its mask. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/encode.h"
#include "base/json.h"
#include "guard/redact/redact_fixture.h"

struct row {
    const char *text;
    const char *masked;
};

/* clang-format off */
static const struct row leads[] = { /* the value goes to the end of its line */
    {"2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tX-Shared-Secret: Tulip fog 7e\n", "2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tX-Shared-Secret: ***\n"},
    {"[INFO]\t2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tDB_PASSWORD: Tulip fog 7e\n", "[INFO]\t2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tDB_PASSWORD: ***\n"},
    {"2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tjwt_secret: |\n2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\t  Tulip fog\n2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tport: 1\n", "2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tjwt_secret: |\n2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\t  ***\n2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\tport: 1\n"},
    {"2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\t| DB_PASSWORD | Tulip fog |\n", "2026-11-30T12:00:00.123Z\t22e38b87-5495-4bc8-a12b-8948135f2eee\tINFO\t| DB_PASSWORD | *** |\n"},
    {"{\"m\": \"2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\tjwt_secret: |\\n2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\t  Tulip fog\\n2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\tport: 1\"}\n", "{\"m\": \"2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\tjwt_secret: |\\n2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\t  ***\\n2026-11-30T12:00:00.123Z\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\tINFO\\tport: 1\"}\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"2026-11-30T12:00:00.123Z\\\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\\\tINFO\\\\tDB_PASSWORD: Tulip fog 7e\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"2026-11-30T12:00:00.123Z\\\\t22e38b87-5495-4bc8-a12b-8948135f2eee\\\\tINFO\\\\tDB_PASSWORD: ***\\\"}\"}\n"},
    {"api-1  | DB_PASSWORD=Tulip fog 7e\n", "api-1  | DB_PASSWORD=***\n"},
    {"2026-11-30T11:34:29.1234567Z DB_PASSWORD: Tulip fog 7e\n", "2026-11-30T11:34:29.1234567Z DB_PASSWORD: ***\n"},
    {"Nov 30 11:34:29 ip-10-0-3-17 api[123]: jwt.secret=Tulip fog 7e\n", "Nov 30 11:34:29 ip-10-0-3-17 api[123]: jwt.secret=***\n"},
    {"#12 0.345 export API_KEY=Tulip fog 7e\n", "#12 0.345 export API_KEY=***\n"},
    {"+DB_PASSWORD=Tulip fog 7e\n", "+DB_PASSWORD=***\n"},
    {"{\"log\": \"jwt.secret=Tulip fog 7e\\n\", \"stream\": \"stdout\"}\n", "{\"log\": \"jwt.secret=***\\n\", \"stream\": \"stdout\"}\n"},
    {"{\"event\": \"a=1\\nDB_PASSWORD=Tulip fog 7e\\nb=2\"}\n", "{\"event\": \"a=1\\nDB_PASSWORD=***\\nb=2\"}\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"a=1\\\\nDB_PASSWORD=Tulip fog 7e\\\\nb=2\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"a=1\\\\nDB_PASSWORD=***\\\\nb=2\\\"}\"}\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"a=1\\\\nDB_PASSWORD=Tulip fog 7e\\\", \\\"exit\\\": 0}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"a=1\\\\nDB_PASSWORD=***\\\", \\\"exit\\\": 0}\"}\n"},
    {"api-1  | secret:\napi-1  |   note: Tulip fog\napi-1  | port: 5432\n", "api-1  | secret:\napi-1  |   note: ***\napi-1  | port: 5432\n"},
    {"2026-11-30T11:34:29Z password: |\n2026-11-30T11:34:29Z   Tulip fog\n2026-11-30T11:34:29Z port: 1\n", "2026-11-30T11:34:29Z password: |\n2026-11-30T11:34:29Z   ***\n2026-11-30T11:34:29Z port: 1\n"},
    {"{\"e\": \"password: |\\n  Tulip fog\\nport: 5432\"}\n", "{\"e\": \"password: |\\n  ***\\nport: 5432\"}\n"},
    {"{\"e\": \"x\\nprimary_key=order_id\"}\n", "{\"e\": \"x\\nprimary_key=order_id\"}\n"},
    {"[10:22:31] password: Tulip fog\n", "[10:22:31] password: ***\n"},
    {"INFO:root:password: Tulip fog\n", "INFO:root:password: ***\n"},
    {"\033[32mINFO\033[0m:     secrets:\n\033[32mINFO\033[0m:       stripe: Tulip\n\033[32mINFO\033[0m:     port: 1\n", "\033[32mINFO\033[0m:     secrets:\n\033[32mINFO\033[0m:       stripe: ***\n\033[32mINFO\033[0m:     port: 1\n"},
    {"2026-03-01 10:22:31,113 - app - INFO - password: Tulip fog\n", "2026-03-01 10:22:31,113 - app - INFO - password: ***\n"},
    {"10:22:31.113 [main] DEBUG c.a.Conf - password: Tulip fog\n", "10:22:31.113 [main] DEBUG c.a.Conf - password: ***\n"},
    {"time=\"2026-03-01T10:22:31Z\" level=info passwords:\ntime=\"2026-03-01T10:22:31Z\" level=info   - Tulip\n", "time=\"2026-03-01T10:22:31Z\" level=info passwords:\ntime=\"2026-03-01T10:22:31Z\" level=info   - ***\n"},
    {"{\"log\":\"db_password: >-\\n\",\"stream\":\"stdout\"}\n{\"log\":\"  Tulip fog\\n\",\"stream\":\"stdout\"}\n{\"log\":\"port: 1\\n\",\"stream\":\"stdout\"}\n", "{\"log\":\"db_password: >-\\n\",\"stream\":\"stdout\"}\n{\"log\":\"  ***\\n\",\"stream\":\"stdout\"}\n{\"log\":\"port: 1\\n\",\"stream\":\"stdout\"}\n"},
    {"{\"m\":\"{\\\"o\\\":\\\"auth:\\\\n  a: Tulip\\\",\\\"exit\\\":0}\"}\n", "{\"m\":\"{\\\"o\\\":\\\"auth:\\\\n  a: ***\\\",\\\"exit\\\":0}\"}\n"},
    {"remote: DB_PASSWORD: Tulip fog 7e\n", "remote: DB_PASSWORD: ***\n"},
    {"> DB_PASSWORD: Tulip fog 7e\n", "> DB_PASSWORD: ***\n"},
    {"<134>1 2026-11-30T12:00:00Z web app 812 - - DB_PASSWORD=Tulip fog 7e\n", "<134>1 2026-11-30T12:00:00Z web app 812 - - DB_PASSWORD=***\n"},
    {"2026-11-30 12:00:00.123  INFO 1 --- [nio-8080-exec-1] c.e.App : DB_PASSWORD: Tulip fog 7e\n", "2026-11-30 12:00:00.123  INFO 1 --- [nio-8080-exec-1] c.e.App : DB_PASSWORD: ***\n"},
    {"app  2026-11-30 12:00:00.123 WARN c.e.App - DB_PASSWORD: Tulip fog 7e\n", "app  2026-11-30 12:00:00.123 WARN c.e.App - DB_PASSWORD: ***\n"},
    {"2026-11-30 22:15:04,123 INFO app.main: jwt_secret: |\n2026-11-30 22:15:04,123 INFO app.main:   Tulip fog\n2026-11-30 22:15:04,123 INFO app.main: port: 1\n", "2026-11-30 22:15:04,123 INFO app.main: jwt_secret: |\n2026-11-30 22:15:04,123 INFO app.main:   ***\n2026-11-30 22:15:04,123 INFO app.main: port: 1\n"},
    {"build\tRun tests\t2026-11-30T22:15:04.1234567Z jwt_secret: |\nbuild\tRun tests\t2026-11-30T22:15:04.1234567Z   Tulip fog\nbuild\tRun tests\t2026-11-30T22:15:04.1234567Z port: 1\n", "build\tRun tests\t2026-11-30T22:15:04.1234567Z jwt_secret: |\nbuild\tRun tests\t2026-11-30T22:15:04.1234567Z   ***\nbuild\tRun tests\t2026-11-30T22:15:04.1234567Z port: 1\n"},
    {"2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015 jwt_secret: |\n2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015   Tulip fog\n2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015 port: 1\n", "2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015 jwt_secret: |\n2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015   ***\n2026-11-30T22:15:04.123000+00:00 ecs/api/9f86d081884c7d659a2feaa0c55ad015 port: 1\n"},
    {"2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015 jwt_secret: |\n2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015   Tulip fog\n2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015 port: 1\n", "2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015 jwt_secret: |\n2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015   ***\n2026-11-30T22:15:04 2026/11/30/[$LATEST]9f86d081884c7d659a2feaa0c55ad015 port: 1\n"},
    {"DEBUG 2026-11-30 22:15:04,123 settings 17 140735 jwt_secret: |\nDEBUG 2026-11-30 22:15:04,123 settings 17 140735   Tulip fog\nDEBUG 2026-11-30 22:15:04,123 settings 17 140735 port: 1\n", "DEBUG 2026-11-30 22:15:04,123 settings 17 140735 jwt_secret: |\nDEBUG 2026-11-30 22:15:04,123 settings 17 140735   ***\nDEBUG 2026-11-30 22:15:04,123 settings 17 140735 port: 1\n"},
    {"2026-11-30 22:15:04,123 INFO db.password: Tulip fog 7e\n", "2026-11-30 22:15:04,123 INFO db.password: ***\n"},
    {"[12:00:00.123] INFO (812): secret:\n[12:00:00.123] INFO (812):   - Tulip fog\n", "[12:00:00.123] INFO (812): secret:\n[12:00:00.123] INFO (812):   - ***\n"},
};
static const struct row colours[] = {
    {"{\033[34;1m\"password\"\033[0m: \033[32m\"Tulip fog\"\033[0m, \"x\": 1}\n", "{\033[34;1m\"password\"\033[0m: \033[32m\"***\"\033[0m, \"x\": 1}\n"},
    {"\033[1mDB_PASS\033[0m\033[1mWORD\033[0m: \033[33mTulip_fog\033[0m\n", "\033[1mDB_PASS\033[0m\033[1mWORD\033[0m: \033[33m***\033[0m\n"},
    {"\033[32mapi-1  |\033[0m DB_PASSWORD=Tulip fog\033[0m\n", "\033[32mapi-1  |\033[0m DB_PASSWORD=***\033[0m\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"\\\\u001b[36mapi_key\\\\u001b[0m=\\\\u001b[35mTulip_fog_7e\\\\u001b[0m p=1\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"\\\\u001b[36mapi_key\\\\u001b[0m=\\\\u001b[35m***\\\\u001b[0m p=1\\\"}\"}\n"},
};
static const struct row forms[] = {
    {"Authorization: Token token=\"Tulip7fog\"\n", "Authorization: Token ***\n"},
    {"{\"Authorization\":\"Token token=\\\"Tulip7fog\\\"\",\"a\":1}\n", "{\"Authorization\":\"Token ***\",\"a\":1}\n"},
    {"curl -H 'Authorization: MAC id=\"a\", mac=\"Tulip7fog\"' https://x.io\n", "curl -H 'Authorization: ***' https://x.io\n"},
    {"Authorization: Bearer \"Tulip7fog\"\n", "Authorization: Bearer \"***\"\n"},
    {"[\"password\"]=> string(9) \"Tulip7fog\"\n", "[\"password\"]=> string(9) \"***\"\n"},
    {"password \xe2\x86\x92 Tulip7fog\n", "password \xe2\x86\x92 ***\n"},
    {"self.password = Tulip7fog\n", "self.password = ***\n"},
    {"InvalidToken: Tulip7fog\n", "InvalidToken: ***\n"},
    {"TOKEN=`echo Tulip7fog`\n", "TOKEN=`***`\n"},
    {"TOKEN=`cat <<< Tulip7fog`\n", "TOKEN=`***`\n"},
    {"const password = `Tulip 7fog`\n", "const password = `***`\n"},
    {"docker run -e SIGNINGKEY=Tulip7fog -e SERVICEKEY=fog7Tulip x\n", "docker run -e SIGNINGKEY=*** -e SERVICEKEY=*** x\n"},
    {"export ACCOUNTKEY=Tulip7fog ENCRYPTIONKEY=fog7Tulip MASTERKEY=fog7Tulip\n", "export ACCOUNTKEY=*** ENCRYPTIONKEY=*** MASTERKEY=***\n"},
    {"run AUTHCOOKIE=Tulip7fog SESSIONCOOKIE=fog7Tulip DBCREDENTIALS=fog7Tulip\n", "run AUTHCOOKIE=*** SESSIONCOOKIE=*** DBCREDENTIALS=***\n"},
    {"run HTTPAUTH=Tulip7fog BASICAUTH=fog7Tulip PROXYAUTH=fog7Tulip\n", "run HTTPAUTH=*** BASICAUTH=*** PROXYAUTH=***\n"},
    {"secrets:\n  - h6DU7zSkrzR0N5oDtrdzz0fG\n  - db_password_v2\n", "secrets:\n  - ***\n  - db_password_v2\n"},
    {"Jwt:Key = Tulip7fog\n", "Jwt:Key = ***\n"},
    {"password: Some(Secret::new(\"Tulip7fog\".to_owned())),\n", "password: Some(Secret::new(\"***\".to_owned())),\n"},
    {"{\"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\":\"Tulip7fog\"}\n", "{\"\xd0\xbf\xd0\xb0\xd1\x80\xd0\xbe\xd0\xbb\xd1\x8c\":\"***\"}\n"},
    {"{\\\"Jwt\\\":{\\\"Issuer\\\":\\\"x\\\",\\\"Key\\\":\\\"Tulip7fog\\\"}}\n", "{\\\"Jwt\\\":{\\\"Issuer\\\":\\\"x\\\",\\\"Key\\\":\\\"***\\\"}}\n"},
    {"dotnet user-secrets set \"Jwt:Key\" \"Tulip7fog\"\n", "dotnet user-secrets set \"Jwt:Key\" \"***\"\n"},
    {"dotnet user-secrets set \"Db:Password\" \"Tulip7fog\" --project a\n", "dotnet user-secrets set \"Db:Password\" \"***\" --project a\n"},
    {"dotnet run --Jwt:Key=Tulip7fog\n", "dotnet run --Jwt:Key=***\n"},
    {"{\"JwtSettings\":{\"Issuer\":\"x\",\"N\":{\"a\":1},\"Key\":\"Tulip7fog\"}}\n", "{\"JwtSettings\":{\"Issuer\":\"x\",\"N\":{\"a\":1},\"Key\":\"***\"}}\n"},
    {"{\"Hmac\":{\"Key\":\"Tulip7fog\"}}\n", "{\"Hmac\":{\"Key\":\"***\"}}\n"},
    {"Bearer Tulip7fog!uJk*heUE\n", "Bearer ***\n"},
    {"password = new SecretString(\"Tulip7fog\")\n", "password = new SecretString(\"***\")\n"},
    {"password = SecureString(\"Tulip7fog\")\n", "password = SecureString(\"***\")\n"},
    {"let password = Secret::new(\"Tulip7fog\".to_string());\n", "let password = Secret::new(\"***\".to_string());\n"},
    {"let password = secrecy::SecretString::from(\"Tulip7fog\");\n", "let password = secrecy::SecretString::from(\"***\");\n"},
    {"password := secret.NewSecret(\"Tulip7fog\")\n", "password := secret.NewSecret(\"***\")\n"},
    {"password = Redacted.make(\"Tulip7fog\")\n", "password = Redacted.make(\"***\")\n"},
    {"password = sensitive(\"Tulip7fog\")\n", "password = sensitive(\"***\")\n"},
    {"password: aws.String(\"Tulip7fog\"),\n", "password: aws.String(\"***\"),\n"},
    {"config[:secret] = \"Tulip7fog\"\n", "config[:secret] = \"***\"\n"},
    {"credentials[:password]=\"Tulip7fog\"\n", "credentials[:password]=\"***\"\n"},
    {"password  ==>  Tulip7fog\n", "password  ==>  ***\n"},
    {"wpa_psk Tulip7fog\n", "wpa_psk ***\n"},
    {"private_pem=Tulip7fog\n", "private_pem=***\n"},
    {"RsaPrivateExponent: Tulip7fog\n", "RsaPrivateExponent: ***\n"},
    {"MYSQLPASS=Tulip7fog\n", "MYSQLPASS=***\n"},
    {"X-Hub-Signature-256: sha256=Tulip7fog\n", "X-Hub-Signature-256: ***\n"},
    {"dbpw: Tulip7fog\n", "dbpw: ***\n"},
    {"\"primaryKey\": \"MH/HciVkAN8T9CQ7W8OHRPea22OXeKWD8nC6dQisEZJUZaeTs3qgMGDuQ1+MJZpgxWJovZFz3iQxVxBQ/B9sQA==\"\n", "\"primaryKey\": \"***\"\n"},
    {"{\"kty\":\"oct\",\"key\":\"cFf17JU2bXMK6c923hBaQ6rG5HP3ev6F2iW3EMyqKrP\"}\n", "{\"kty\":\"oct\",\"key\":\"***\"}\n"},
    {"|  SecretAccessKey |  Tul7ipFogA7qzXw9rK2m  |\n", "|  SecretAccessKey |  ***  |\n"},
    {"||  SecretAccessKey  |  Tul7ipFogA7qzXw9rK2m ||\n", "||  SecretAccessKey  |  *** ||\n"},
    {"| NPM_TOKEN | 3e0ffbd6e67e99e901727bc75949ee99 | All |\n", "| NPM_TOKEN | *** | All |\n"},
    {"DETAIL:  Key (api_key)=(Tulip#7) already exists.\n", "DETAIL:  Key (api_key)=(***) already exists.\n"},
    {"secret_key: str = Field(default=\"Tulip fog\", min_length=8)\n", "secret_key: str = Field(default=\"***\", min_length=8)\n"},
    {"token: SecretStr = Field(\"Tulip fog\")\n", "token: SecretStr = Field(\"***\")\n"},
    {"api_secret = (\n    \"Tulip fog\"\n)\nport = 1\n", "api_secret = (\n    \"***\"\n)\nport = 1\n"},
    {"if (apikey == \"m{q}o)p#w\") {", "if (apikey == \"***\") {"}, {"if (db_pass !== 'n$e^o*z^two') {", "if (db_pass !== '***') {"}, {"password \"m{q}o)p#w\";", "password \"***\";"},
    {"char secret[25] = \"hunter two\";", "char secret[25] = \"***\";"}, {"const char password[] = 'hunter';", "const char password[] = '***';"},
    {"{\"a\": \"{\\\"b\\\": \\\"{\\\\\\\"password\\\\\\\": 12345678}\\\"}\"}\n", "{\"a\": \"{\\\"b\\\": \\\"{\\\\\\\"password\\\\\\\": \\\\\\\"***\\\\\\\"}\\\"}\"}\n"},
    {"{\"a\": \"{\\\"Credentials\\\": {\\n  \\\"Id\\\": \\\"Tulip\\\",\\n  \\\"n\\\": 7}}\"}\n", "{\"a\": \"{\\\"Credentials\\\": {\\n  \\\"Id\\\": \\\"***\\\",\\n  \\\"n\\\": \\\"***\\\"}}\"}\n"},
    {"Environment=\"DB_PASSWORD=Tulip fog?\" \"LOG=info\"\n", "Environment=\"DB_PASSWORD=***\" \"LOG=info\"\n"},
    {"- \"ROOT_PASSWORD=Tulip'fog\"\n", "- \"ROOT_PASSWORD=***\"\n"},
    {"run --password 'Tulip'\"'\"'fog 7' --region x\n", "run --password '***' --region x\n"},
    {"run --password 'Tulip'\\''fog 7' --region x\n", "run --password '***' --region x\n"},
    {"ALTER ROLE app WITH PASSWORD 'Tulip ''fog';\n", "ALTER ROLE app WITH PASSWORD '***';\n"},
    {"CREATE ROLE app ENCRYPTED PASSWORD 'tulip fog' VALID UNTIL '2027-01-01';\n", "CREATE ROLE app ENCRYPTED PASSWORD '***' VALID UNTIL '2027-01-01';\n"},
    {"SET PASSWORD FOR 'app'@'localhost' = 'tulip';\n", "SET PASSWORD FOR 'app'@'localhost' = '***';\n"},
    {"~ password = \"Tulip\" -> \"fog 7\"\n", "~ password = \"***\" -> \"***\"\n"},
    {"password = 0x5555555592a0 \"Tulip fog\"\n", "password = 0x5555555592a0 \"***\"\n"},
    {"{user = 0x4006f0 \"bob\", password = 0x4006f5 \"Tulip\", port = 5}\n", "{user = 0x4006f0 \"bob\", password = 0x4006f5 \"***\", port = 5}\n"},
    {"password: !!str \"Tulip fog\"\n", "password: !!str \"***\"\n"},
    {"x: {password: &pw \"Tulip fog\", port: 1}\n", "x: {password: &pw \"***\", port: 1}\n"},
    {"DRIVER={ODBC 18};UID=sa;PWD={Tul;ip 7};Encrypt=yes\n", "DRIVER={ODBC 18};UID=sa;PWD={***};Encrypt=yes\n"},
    {"Config { port: 1, secret: Some(\"Tulip\") }\n", "Config { port: 1, secret: Some(\"***\") }\n"},
    {"'process.env.API_KEY': JSON.stringify('Tulip_fog')\n", "'process.env.API_KEY': JSON.stringify('***')\n"},
    {"- **Password:** Tulip_fog\n", "- **Password:** ***\n"},
    {"- **Password**: Tulip_fog\n", "- **Password**: ***\n"},
    {"userPassword:: VHVsaXA3NzEy\n", "userPassword:: ***\n"},
    {"Running: ['pg_dump', '--password', 'Tulip fog', '--format', 'c']\n", "Running: ['pg_dump', '--password', '***', '--format', 'c']\n"},
    {"[[b'x-api-key', b'Tulip7e12345'], [b'host', b'x']]\n", "[[b'x-api-key', b'***'], [b'host', b'x']]\n"},
    {"(b'cookie', b'a=Tulip; theme=dark')\n", "(b'cookie', b'***')\n"},
    {"    [password] => Tulip=fog:7\n", "    [password] => ***\n"},
    {"Password [hidden]: Tulip fog\n", "Password [hidden]: ***\n"},
    {"Password (again): Tulip fog\n", "Password (again): ***\n"},
    {"ENV SECRET_KEY Tulip_fog\n", "ENV SECRET_KEY ***\n"},
    {"set -gx DB_PASSWORD Tulip_fog\n", "set -gx DB_PASSWORD ***\n"},
    {"SetEnv DB_PASSWORD \"tulip fog\"\n", "SetEnv DB_PASSWORD \"***\"\n"},
    {"Authorization: Digest username=\"bob\", response=\"Tulip\"\n", "Authorization: Digest ***\n"},
    {"| DB_PASSWORD | Tulip |\n", "| DB_PASSWORD | *** |\n"},
    {"DB_PASSWORD        Tulip7e\n", "DB_PASSWORD        ***\n"},
    {"$ENV{DB_PASSWORD} = 'Tulip fog';\n", "$ENV{DB_PASSWORD} = '***';\n"},
    {"Config(db,password -> Tulip)\n", "Config(db,password -> ***)\n"},
    {"<w:Password Type=\"Text\">Tulip fog</w:Password>\n", "<w:Password Type=\"Text\">***</w:Password>\n"},
    {"Enter new password: Tulip fog\n", "Enter new password: ***\n"},
    {"\tpsk=\"tulip fog\"\n", "\tpsk=\"***\"\n"},
    {"requirepass Tulip7e\n", "requirepass ***\n"},
    {"log in with password \"tul77ip\" as bob\n", "log in with password \"***\" as bob\n"},
    {"<password>Tulip fog 7</password><n>12</n>\n", "<password>***</password><n>12</n>\n"},
    {"{\"api_keys\": [\"Tulip\", \"fog\"], \"n\": 1}\n", "{\"api_keys\": [\"***\", \"***\"], \"n\": 1}\n"},
    {"\"Env\": [\"ROOT_PASSWORD=Tul(nIo?j&1uOG\"]\n", "\"Env\": [\"ROOT_PASSWORD=***\"]\n"},
    {"Config { token: Some(\"Tulip)/x\"), n: Some(3) }\n", "Config { token: Some(\"***\"), n: Some(3) }\n"},
    {"    secret_key: Some(\n        \"Tulip fog\",\n    ),\n    n: 1\n", "    secret_key: Some(\n        \"***\",\n    ),\n    n: 1\n"},
    {"passphrase = \"\"\"\nTulip fog\"\"\"\nn = 1\n", "passphrase = \"\"\"\n***\"\"\"\nn = 1\n"},
    {"secrets:\n  stripe: Tulip\n  file: ./x\n  b: ${B}\nn: 1\n", "secrets:\n  stripe: ***\n  file: ./x\n  b: ${B}\nn: 1\n"},
    {"{\"secrets\": {\"db\": \"Tulip7\", \"name\": \"x\"}}\n", "{\"secrets\": {\"db\": \"***\", \"name\": \"x\"}}\n"},
    {"{'password': ['Tulip'], 'user': ['jo']}\n", "{'password': ['***'], 'user': ['jo']}\n"},
    {"api_tokens = [\"Tulip77x\", \"fog66yy\"]\n", "api_tokens = [\"***\", \"***\"]\n"},
    {"Unseal Key 1: Tulip\n", "Unseal Key 1: ***\n"},
    {"::set-output name=token::Tulip fog\n", "::set-output name=token::***\n"},
    {"set $api_key \"Tulip fog\";\n", "set $api_key \"***\";\n"},
    {"{:db {:password \"Tulip fog\" :user \"app\"}}\n", "{:db {:password \"***\" :user \"app\"}}\n"},
    {"{user,\"app\"},{password,\"Tulip\"}\n", "{user,\"app\"},{password,\"***\"}\n"},
    {"rawHeaders: [ 'Host', 'x', 'X-Api-Key', 'Tulip' ]\n", "rawHeaders: [ 'Host', 'x', 'X-Api-Key', '***' ]\n"},
    {"    ApiToken    REG_SZ    Tulip fog\n", "    ApiToken    REG_SZ    ***\n"},
    {"SSHPASS=Tulip\n", "SSHPASS=***\n"},
    {"pulumi config set --secret dbPassword Tulip\n", "pulumi config set --secret dbPassword ***\n"},
    {"PASSWORD kibana = Tulip\n", "PASSWORD kibana = ***\n"},
    {"cmdkey /add:srv /pass:77Tulip\n", "cmdkey /add:srv /pass:***\n"},
    {"    client-key-data: TulipFog7\n", "    client-key-data: ***\n"},
    {"Authorization: OAuth a=\"x\", oauth_token=\"Tulip\"\n", "Authorization: ***\n"},
    {"{\"m\": \"Authorization: Digest a=\\\"x\\\", response=\\\"Tulip\\\"\"}\n", "{\"m\": \"Authorization: Digest ***\"}\n"},
    {"created user bob with password Tulip4821, as asked\n", "created user bob with password ***, as asked\n"},
    {"a password ResetForm2 and a password BASE6421 are named, a DB_PASSWORD Tulip4821too is not told\n",
     "a password ResetForm2 and a password BASE6421 are named, a DB_PASSWORD Tulip4821too is not told\n"},
    {"A password is generated for root@localhost: tulipfog\n", "A password is generated for root@localhost: ***\n"},
    {"http -a jo:Tulip api.internal/me\n", "http -a jo:*** api.internal/me\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"$1 = {password = 0x55e0 \\\\\\\"Tulip\\\\\\\"}\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"$1 = {password = 0x55e0 \\\\\\\"***\\\\\\\"}\\\"}\"}\n"},
    {"api.x\tTRUE\t/\tFALSE\t0\tsession_token\tTulip\n", "api.x\tTRUE\t/\tFALSE\t0\tsession_token\t***\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"userPassword:: VHVsaXA=\\\", \\\"n\\\": 0}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"userPassword:: ***\\\", \\\"n\\\": 0}\"}\n"},
    {"secrets:\n  password: |\n    Tulip fog\nn: 1\n", "secrets:\n  password: |\n    ***\nn: 1\n"},
    {"{password,<<\"Tulip\">>}\n", "{password,<<\"***\">>}\n"},
    {"Mot de passe : Tulip\n", "Mot de passe : ***\n"}, {"contrase\303\261a: Tulip\n", "contrase\303\261a: ***\n"}, {"Kennwort=Tulip\n", "Kennwort=***\n"},
    {"---> PASS Tulip77\n<--- 230 ok\n", "---> PASS ***\n<--- 230 ok\n"}, {"a1 LOGIN \"jo\" \"Tulip\"\n", "a1 LOGIN \"jo\" \"***\"\n"},
    {"[[\"email\", \"a\"], [\"password\", \"Tulip\"]]\n", "[[\"email\", \"a\"], [\"password\", \"***\"]]\n"},
    {"\"Env\": [\"ROOT_PASSWORD=J(Tulip,fog\", \"LANG=C\"]\n", "\"Env\": [\"ROOT_PASSWORD=***\", \"LANG=C\"]\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"\\\\\\\"ROOT_PASSWORD=J(Tulip\\\\\\\",\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"\\\\\\\"ROOT_PASSWORD=***\\\\\\\",\\\"}\"}\n"},
    {"run --token \\\n  'Tulip fog' \\\n  --user a\n", "run --token \\\n  '***' \\\n  --user a\n"},
    {"app.secret=\\\n    Tulip fog\nn=1\n", "app.secret=\\\n    ***\nn=1\n"},
    {"PRIVATE_KEY=\"Tulip7fogTulip7fog\nTulip7fogTulip7fog\nTulip\"\nn=1\n", "PRIVATE_KEY=\"***\n***\n***\"\nn=1\n"},
    {"name  = \"DB_PASSWORD\"\n~ value = \033[32m\"Tulip\"\033[0m -> \033[32m\"fog\"\033[0m\n", "name  = \"DB_PASSWORD\"\n~ value = \033[32m\"***\"\033[0m -> \033[32m\"***\"\033[0m\n"},
    {"service_token: &pw Tulip7fog==\n", "service_token: &pw ***\n"},
    {"Secret Key:Tulip7fog\n", "Secret Key:***\n"},
};
static const struct row apart[] = { /* a name and its value that stand apart */
    {"app.secret=\\\n    tulfog\n", "app.secret=\\\n    ***\n"},
    {"{\"m\": \"app.secret=\\\\\\n    tulfog\\n\"}\n", "{\"m\": \"app.secret=\\\\\\n    ***\\n\"}\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"run --password \\\\\\\\\\\\n  tulfog\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"run --password \\\\\\\\\\\\n  ***\\\"}\"}\n"},
    {"    \033[32m+----+-----------+\033[0m\n    \033[32m| id | api_token |\033[0m\n    \033[32m+----+-----------+\033[0m\n    \033[32m|  1 | Tulip     |\033[0m\n", "    \033[32m+----+-----------+\033[0m\n    \033[32m| id | api_token |\033[0m\n    \033[32m+----+-----------+\033[0m\n    \033[32m|  1 | ***     |\033[0m\n"},
    {"\033[32mINFO\033[0m:     \033[33m    secret_key: Some(\033[0m\n\033[32mINFO\033[0m:     \033[33m        \"Tulip fog\",\033[0m\n", "\033[32mINFO\033[0m:     \033[33m    secret_key: Some(\033[0m\n\033[32mINFO\033[0m:     \033[33m        ***\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"\\\\\\\"name\\\\\\\",\\\\\\\"api_key\\\\\\\"\\\\n\\\\\\\"ci\\\\\\\",\\\\\\\"Tulip,fog\\\\\\\"\\\"}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"\\\\\\\"name\\\\\\\",\\\\\\\"api_key\\\\\\\"\\\\n\\\\\\\"ci\\\\\\\",\\\\\\\"***\\\\\\\"\\\"}\"}\n"},
    {"{\"key=\": \"pass value=aG\", \"n\": 1}\n", "{\"key=\": \"pass value=***\", \"n\": 1}\n"},
    {"\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"Tulip fog\"},{\"name\":\"PORT\",\"value\":\"8000\"}]\n", "\"env\":[{\"name\":\"DB_PASSWORD\",\"value\":\"***\"},{\"name\":\"PORT\",\"value\":\"8000\"}]\n"},
    {"- name: DB_PASSWORD\n  value: \"Tulip fog\"\n- name: PORT\n  value: 8000\n", "- name: DB_PASSWORD\n  value: \"***\"\n- name: PORT\n  value: 8000\n"},
    {"api-1  | - name: DB_PASSWORD\r\napi-1  |   value: Tulip fog\r\n", "api-1  | - name: DB_PASSWORD\r\napi-1  |   value: ***\r\n"},
    {"  \"Name\": \"/shop/prod/DB_PASSWORD\",\n  \"Type\": \"SecureString\",\n  \"Value\": \"Tulip\",\n  \"Version\": 3\n", "  \"Name\": \"/shop/prod/DB_PASSWORD\",\n  \"Type\": \"SecureString\",\n  \"Value\": \"***\",\n  \"Version\": 3\n"},
    {"[{\"ParameterKey\": \"DBPassword\", \"ParameterValue\": \"Tulip\"}, {\"ParameterKey\": \"Type\", \"ParameterValue\": \"t3\"}]\n", "[{\"ParameterKey\": \"DBPassword\", \"ParameterValue\": \"***\"}, {\"ParameterKey\": \"Type\", \"ParameterValue\": \"t3\"}]\n"},
    {"variable \"db_password\" {\n  type    = string\n  default = \"Tulip fog\"\n}\n", "variable \"db_password\" {\n  type    = string\n  default = \"***\"\n}\n"},
    {"{\"type\":\"string_too_short\",\"loc\":[\"body\",\"password\"],\"msg\":\"too short\",\"input\":\"tulip\",\"ctx\":{\"n\":8}}\n", "{\"type\":\"string_too_short\",\"loc\":[\"body\",\"password\"],\"msg\":\"too short\",\"input\":\"***\",\"ctx\":{\"n\":8}}\n"},
    {"db_password\n  Value error [type=value_error, input_value='tul ip', input_type=str]\n", "db_password\n  Value error [type=value_error, input_value='***', input_type=str]\n"},
    {"<key>ApiToken</key>\n<string>Tulip</string>\n<key>Version</key>\n<string>1.2.3</string>\n", "<key>ApiToken</key>\n<string>***</string>\n<key>Version</key>\n<string>1.2.3</string>\n"},
    {"{\"m\": \"- name: DB_PASSWORD\\n  value: Tulip fog\\n- name: PORT\\n  value: 80\"}\n", "{\"m\": \"- name: DB_PASSWORD\\n  value: ***\\n- name: PORT\\n  value: 80\"}\n"},
    {" id | password | created\n----+----------+---------\n  1 | Tul ip   | 2026\n(1 row)\n", " id | password | created\n----+----------+---------\n  1 | ***   | 2026\n(1 row)\n"},
    {"| Name | Password |\n|------|----------|\n| bob  | `Tulip` |\n\n| a | b |\n", "| Name | Password |\n|------|----------|\n| bob  | `***` |\n\n| a | b |\n"},
    {"id,password,api_key,n\r\n1,\"Tul,ip\",fog,7\r\n", "id,password,api_key,n\r\n1,\"***\",***,7\r\n"},
    {"User name,Password,Access key ID\nbob,Tul ip,x\n", "User name,Password,Access key ID\nbob,***,x\n"},
    {"user\tpassword\trole\nbob\tTulip\tadmin\n", "user\tpassword\trole\nbob\t***\tadmin\n"},
    {"{\"m\": \"user;password;role\\nbob;Tulip;admin\"}\n", "{\"m\": \"user;password;role\\nbob;***;admin\"}\n"},
    {"INSERT INTO users (id, password) VALUES (17, 'Tul''ip, (7)'), (18, 'fog');\n", "INSERT INTO users (id, password) VALUES (17, '***'), (18, '***');\n"},
    {"password | Tul ip\ncity     | Berlin\n", "password | ***\ncity     | Berlin\n"},
    {"::add-mask::Tulip fog\n", "::add-mask::***\n"},
    {"$ echo -n 'Tulip fog' | docker login -u a --password-stdin\n", "$ echo -n '***' | docker login -u a --password-stdin\n"},
    {"{\"log\":\"a,password,b\\n\",\"s\":1}\n{\"log\":\"1,Tulip,2\\n\",\"s\":1}\n{\"log\":\"x\\n\",\"s\":1}\n", "{\"log\":\"a,password,b\\n\",\"s\":1}\n{\"log\":\"1,***,2\\n\",\"s\":1}\n{\"log\":\"x\\n\",\"s\":1}\n"},
    {"[10:22:31]  id | password\n[10:22:31] ----+------\n[10:22:31]   1 | Tulip\n", "[10:22:31]  id | password\n[10:22:31] ----+------\n[10:22:31]   1 | ***\n"},
    {"======  ========\nuser    password\n======  ========\njo      Tulip\n======  ========\n", "======  ========\nuser    password\n======  ========\njo      ***\n======  ========\n"},
    {"Key         Value\n---         -----\npassword    Tulip\nusername    app\n", "Key         Value\n---         -----\npassword    ***\nusername    app\n"},
    {"KEY             VALUE\naws:region      eu-west-1\napp:dbPassword  Tulip\n", "KEY             VALUE\naws:region      eu-west-1\napp:dbPassword  ***\n"},
    {"|  /prod/db/password  |  SecureString  |  Tulip  |\n", "|  /prod/db/password  |  SecureString  |  ***  |\n"},
    {"\342\225\221 JWT_SECRET  \342\224\202 Tulip fog \342\225\221\n", "\342\225\221 JWT_SECRET  \342\224\202 *** \342\225\221\n"},
    {"| `API_TOKEN` | `Tulip` |\n", "| `API_TOKEN` | `***` |\n"},
    {"<tr><td>Password</td><td>Tulip fog</td></tr>\n", "<tr><td>Password</td><td>***</td></tr>\n"},
    {"<string name=\"api_key\">Tulip fog</string>\n", "<string name=\"api_key\">***</string>\n"},
    {"  [\"secret\"]=>\n  string(5) \"Tulip\"\n", "  [\"secret\"]=>\n  string(5) \"***\"\n"},
    {"Content-Disposition: form-data; name=\"password\"\r\n\r\nTulip fog\r\n--x--\r\n", "Content-Disposition: form-data; name=\"password\"\r\n\r\n***\r\n--x--\r\n"},
    {"{\"m\": \"{\\\"o\\\": \\\"a;password;b\\\\n1;Tulip;2\\\", \\\"exit\\\": 0}\"}\n", "{\"m\": \"{\\\"o\\\": \\\"a;password;b\\\\n1;***;2\\\", \\\"exit\\\": 0}\"}\n"},
};
static const struct row anywhere[] = { /* found behind leads, in colours, in JSON up to three deep; no value is left of those below */
    {" \342\224\224\342\224\200 [~] .STRIPE_SECRET_KEY:\n     \342\224\234\342\224\200 [-] \"Tulip fog\"\n     \342\224\224\342\224\200 [+] fogTulip\n", " \342\224\224\342\224\200 [~] .STRIPE_SECRET_KEY:\n     \342\224\234\342\224\200 [-] \"***\"\n     \342\224\224\342\224\200 [+] ***\n"},
    {"dvc remote modify --local origin password Tulip-fog\n", "dvc remote modify --local origin password ***\n"},
    {"+ dvc config --local remote.s3.session_token 'Tulip fog'\n", "+ dvc config --local remote.s3.session_token '***'\n"},
    {"git config --global gitlab.token tulip\n", "git config --global gitlab.token ***\n"},
    {"npm config set //packages.acme.org/:_authToken tulip77\n", "npm config set //packages.acme.org/:_authToken ***\n"},
    {"poetry config pypi-token.main tulipfog\n", "poetry config pypi-token.main ***\n"},
    {"composer config --global gitlab-token.gitlab.com tulip-fog\n", "composer config --global gitlab-token.gitlab.com ***\n"},
    {"bundle config set --global gems.acme.org_token 'Tulip'\"'\"'fog'\n", "bundle config set --global gems.acme.org_token '***'\n"},
    {"acmectl set db_password 77tulip --ttl 60\n", "acmectl set db_password *** --ttl 60\n"},
    {"cloud config set auth/token tulip\n", "cloud config set auth/token ***\n"},
    {"curl -u \"jo:Tul'ip fog\" https://x/\n", "curl -u \"jo:***\" https://x/\n"},
    {"redis-cli -a \"Tul'ip fog\" ping\n", "redis-cli -a \"***\" ping\n"},
    {"setx API_TOKEN tulipfog /M\n", "setx API_TOKEN *** /M\n"},
    {"x SetEnv API_TOKEN tulipfog\n", "x SetEnv API_TOKEN ***\n"},
    {"  add_header X-Auth-Token tulip always;\n", "  add_header X-Auth-Token *** always;\n"},
    {"dvc config core.token tulip\n", "dvc config core.token ***\n"},
    {"setenv API_TOKEN tulipfog\n", "setenv API_TOKEN ***\n"},
    {"  user jo insecure-password tulip\n", "  user jo insecure-password ***\n"},
    {"PGPASSWORD=Tulip7fog psql -h db.example.org -U app shop\n", "PGPASSWORD=*** psql -h db.example.org -U app shop\n"},
    {"REDISCLI_AUTH=Tulip7fog redis-cli ping\n", "REDISCLI_AUTH=*** redis-cli ping\n"},
    {"SECRET_KEY=Tulip7fog serve app:main --reload\n", "SECRET_KEY=*** serve app:main --reload\n"},
    {"DB_PASSWORD=Tulip fog 7e\n", "DB_PASSWORD=***\n"},
    {"password: Tulip7fog # rotate it soon\n", "password: *** # rotate it soon\n"},
    {"password: Tulip7 # fog7\n", "password: ***\n"},
    {"Server=a;User Id=sa;Password=Tulip7fog;Database=shop\n", "Server=a;User Id=sa;Password=***;Database=shop\n"},
    {"AccountName=a;AccountKey=oAaprRBQhBfIzC86iLYV4n/y9vG2dcwURg;EndpointSuffix=core.windows.net\n", "AccountName=a;AccountKey=***;EndpointSuffix=core.windows.net\n"},
    {"Password=Tulip;7f=og\n", "Password=***\n"},
    {"Password=Tulip;fog==\n", "Password=***\n"},
    {"<connectionString>Server=a;Password=Tulip7fog;</connectionString>\n", "<connectionString>Server=a;Password=***;</connectionString>\n"},
    {"helm install a . --set-string auth.jwtSecret=Tulip7fog,replicas=2\n", "helm install a . --set-string auth.jwtSecret=***,replicas=2\n"},
    {"body='password=Tulip7fog&user=app'\n", "body='password=***&user=app'\n"},
    {"user%5Bpassword%5D=Tulip7fog&user%5Bname%5D=a\n", "user%5Bpassword%5D=***&user%5Bname%5D=a\n"},
    {"{\"url\": \"https://a/cb?code=1\\u0026access_token=Tulip7fog\\u0026state=x\"}\n", "{\"url\": \"https://a/cb?code=1\\u0026access_token=***\\u0026state=x\"}\n"},
    {"https://a.example.org/#access_token=Tulip7fog&token_type=bearer\n", "https://a.example.org/#access_token=***&token_type=bearer\n"},
    {"Headers: [Authorization: Bearer Tulip7fogA7qzXw9rK2m, Accept: */*]\n", "Headers: [Authorization: Bearer ***, Accept: */*]\n"},
    {"{\"headers\": {\"Authorization\": \"Bearer Tulip7fog\"}}\n", "{\"headers\": {\"Authorization\": \"Bearer ***\"}}\n"},
    {"{\"password\": {\"type\": \"string\", \"title\": \"Password\", \"minLength\": 8, \"default\": \"Tulip\"}}\n", "{\"password\": {\"type\": \"string\", \"title\": \"Password\", \"minLength\": 8, \"default\": \"***\"}}\n"},
    {"{\"errors\": {\"password\": [\"This field is required.\"]}}\n", "{\"errors\": {\"password\": [\"This field is required.\"]}}\n"},
    {"{\"db_password\": {\"sensitive\": true, \"type\": \"string\", \"value\": \"Tulip\"}}\n", "{\"db_password\": {\"sensitive\": true, \"type\": \"string\", \"value\": \"***\"}}\n"},
    {"{\"credentials\": {\"username\": \"app\", \"type\": \"m7Kp2Xw9Qz\", \"Expiration\": \"2026-11-30T11:34:29Z\", \"n\": 7}}\n", "{\"credentials\": {\"username\": \"app\", \"type\": \"***\", \"Expiration\": \"2026-11-30T11:34:29Z\", \"n\": \"***\"}}\n"},
    {"{\"auth\": {\"clientId\": \"7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50\", \"id\": \"Tulip\"}}\n", "{\"auth\": {\"clientId\": \"7a5a1c1e-9d1f-4e0a-8a55-1f1c2d3e4f50\", \"id\": \"***\"}}\n"},
    {"auth:\n  username: app\n  enabled: true\n  note: Tulip\n", "auth:\n  username: app\n  enabled: true\n  note: ***\n"},
    {"{\"SecretString\": \"{\\\"username\\\":\\\"app\\\",\\\"password\\\":\\\"Tulip fog\\\",\\\"port\\\":5432,\\\"note\\\":\\\"fog\\\"}\"}\n", "{\"SecretString\": \"{\\\"username\\\":\\\"app\\\",\\\"password\\\":\\\"***\\\",\\\"port\\\":5432,\\\"note\\\":\\\"***\\\"}\"}\n"},
    {"put-secret-value --secret-string '{\"engine\":\"postgres\",\"password\":\"Tulip\"}'\n", "put-secret-value --secret-string '{\"engine\":\"postgres\",\"password\":\"***\"}'\n"},
    {"conn = psycopg.connect(host=\"db\", user=\"app\", password=\"Tul)ip7fogA7qzXw9rK2m\")\n", "conn = psycopg.connect(host=\"db\", user=\"app\", password=\"***\")\n"},
    {"run -e PASSWORD=$(echo Tulip fog) -e X=1\n", "run -e PASSWORD=*** -e X=1\n"},
    {"run -e PASSWORD=$(cd a; echo Tulip) -e X=1\n", "run -e PASSWORD=*** -e X=1\n"},
    {"PASSWORD=$(base64 <<< Tulip)\n", "PASSWORD=***\n"},
    {"SECRET_KEY=ku((%jfhf$!u_@l5gtjy!bbcza5eg^dla-rl+um9-t9g$+(@wz\n", "SECRET_KEY=***\n"},
    {"export SECRET_KEY==v_%og84k7m7&4%=d7@_36pwhcmck4)fz2hv!p*)m@qlmpy$8)\n", "export SECRET_KEY=***\n"},
    {"[ $SECRET_KEY==$OTHER_SECRET_KEY ] && if SECRET_KEY==settings.SECRET_KEY:\n", "[ $SECRET_KEY==$OTHER_SECRET_KEY ] && if SECRET_KEY==settings.SECRET_KEY:\n"},
    {"SECRET_KEY=vx(b5$)(@4-#w*qd#-203@4z4xr#j2^et^4s5lae$_bj!p##7#\n", "SECRET_KEY=***\n"},
    {"export SECRET_KEY=k9+m&rktwgeq=s0^z3w=)\n", "export SECRET_KEY=***\n"},
    {"SECRET_KEY=ku(%jfhf$!u_)@l5gtjy!bbcza5eg^dla-rl+um9-t9g$+\n", "SECRET_KEY=***\n"},
    {"token=decode(settings.TOKENS_OF_THE_APPLICATION[environment].value_of_it)\n", "token=decode(settings.TOKENS_OF_THE_APPLICATION[environment].value_of_it)\n"},
    {"PASSWORD=$(python -c 'print(\"Tulip\")')\n", "PASSWORD=***\n"},
    {"  proxy_set_header X-Api-Key tulip;\n", "  proxy_set_header X-Api-Key ***;\n"},
    {"  proxy_set_header Authorization \"Bearer tulip\";\n", "  proxy_set_header Authorization \"Bearer ***\";\n"},
    {"  fastcgi_param DB_PASSWORD tulip;\n", "  fastcgi_param DB_PASSWORD ***;\n"},
    {"spark.ssl.keyPassword      77tulip\n", "spark.ssl.keyPassword      ***\n"},
    {"spark.authenticate.secret    tULipFoGtUlIp\n", "spark.authenticate.secret    ***\n"},
    {"password    tULipFoGtUlIp\nuser        app\n", "password    ***\nuser        app\n"},
    {"  (fs.s3a.secret.key,Tulip:fog)\n", "  (fs.s3a.secret.key,***)\n"},
    {"  [Symbol(auth_token)]: 'Tulip fog',\n", "  [Symbol(auth_token)]: '***',\n"},
    {"map[Accept:[*/*] X-Auth-Token:[tulip fog] Via:[x]]\n", "map[Accept:[*/*] X-Auth-Token:[***] Via:[x]]\n"},
    {"http.Header{\"X-Api-Key\":[]string{\"Tulip fog\"}, \"Via\":[]string{\"x\"}}\n", "http.Header{\"X-Api-Key\":[]string{\"***\"}, \"Via\":[]string{\"x\"}}\n"},
    {"auth: Token(\"Tulip fog\"), n: 3\n", "auth: Token(\"***\"), n: 3\n"},
    {"Conf(host: \"db\", apiToken: Optional(\"Tulip[fog)x\"), n: 3)\n", "Conf(host: \"db\", apiToken: Optional(\"***\"), n: 3)\n"},
    {"Conf(host = db, token = Some(77tulip), n = 3)\n", "Conf(host = db, token = Some(***), n = 3)\n"},
    {"Conf(host = db, token = Some(Tulip_fogTulip-fogTulip), n = 3)\n", "Conf(host = db, token = Some(***), n = 3)\n"},
    {"{'user': b'app', 'password': b\"Tulip'fog\"}\n", "{'user': b'app', 'password': b\"***\"}\n"},
    {"{ 'meta.API_SECRET': JSON.stringify(\"Tul(ip}fog\") }\n", "{ 'meta.API_SECRET': JSON.stringify(\"***\") }\n"},
    {" \"SECRET_KEY_BASE\" =>\n  \"Tulip fog\",\n \"PORT\" => \"3000\"\n", " \"SECRET_KEY_BASE\" =>\n  \"***\",\n \"PORT\" => \"3000\"\n"},
    {"  [\"password\":protected]=>\n  string(5) \"Tulip fog\"\n", "  [\"password\":protected]=>\n  string(5) \"***\"\n"},
    {"    [apiToken:App\\Client:private] => Tulip fog\n    [n] => 3\n", "    [apiToken:App\\Client:private] => ***\n    [n] => 3\n"},
    {"    [api_key] => Tulip 'fog\n    [n] => 3\n", "    [api_key] => ***\n    [n] => 3\n"},
    {"#{host => <<\"db\">>,password => <<\"Tulip fog\">>,port => 5}\n", "#{host => <<\"db\">>,password => <<\"***\">>,port => 5}\n"},
    {"reg add HKCU\\App /v Password /t REG_SZ /d \"Tulip fog\" /f\n", "reg add HKCU\\App /v Password /t REG_SZ /d \"***\" /f\n"},
    {"PARAMETER\t/app/db_password\tSecureString\tTulip:fog\t1\n", "PARAMETER\t/app/db_password\tSecureString\t***\n"},
    {"1) \"requirepass\"\n2) \"Tulip fog\"\n", "1) \"requirepass\"\n2) \"***\"\n"},
    {"':path', '/v1'\n'x-api-key', '7Tulip'\n'via', 'x'\n", "':path', '/v1'\n'x-api-key', '***'\n'via', 'x'\n"},
    {"[[\"remember_token\", \"Tulip fog\"], [\"LIMIT\", 1]]\n", "[[\"remember_token\", \"***\"], [\"LIMIT\", 1]]\n"},
    {"copy t from 's3://b' secret_access_key 'Tulip fog' csv;\n", "copy t from 's3://b' secret_access_key '***' csv;\n"},
    {"CREATE SECRET s (TYPE s3, SECRET 'Tulip fog', REGION 'x');\n", "CREATE SECRET s (TYPE s3, SECRET '***', REGION 'x');\n"},
    {"OPTIONS (user 'app', password 'Tulip fog');\n", "OPTIONS (user 'app', password '***');\n"},
    {"C:\\app>set DB_PASSWORD=Tulip \"fog\n", "C:\\app>set DB_PASSWORD=***\n"},
    {"{\"password\": { \"type\": \"Tulip\", \"example\": \"fog\" }, \"n\": 1}\n", "{\"password\": { \"type\": \"***\", \"example\": \"***\" }, \"n\": 1}\n"},
    {"run X=$'a' DB_PASSWORD=$'Tulip\\'fog' Y=1\n", "run X=$'a' DB_PASSWORD=$'***' Y=1\n"},
    {"      ~ adminPassword: \"Tulip\" => \"fog 7\"\n", "      ~ adminPassword: \"***\" => \"***\"\n"},
    {"Conf(user='jo', password='Tul\\'ip\"fog', n=1)\n", "Conf(user='jo', password='***', n=1)\n"},
    {"{'user': b'jo', 'password': b'Tul\\'ip\"fog'}\n", "{'user': b'jo', 'password': b'***'}\n"},
    {"run --password 'Tul'\\''ip' --secret 'a'\"'\"'fog' --n 1\n", "run --password '***' --secret '***' --n 1\n"},
    {"<p name=\"Argument.name\">api_token</p>\n<p name=\"Argument.value\">Tulip fog</p>\n", "<p name=\"Argument.name\">api_token</p>\n<p name=\"Argument.value\">***</p>\n"},
    {"- \033[34mname\033[0m: DB_PASSWORD\n  \033[1;34mvalue\033[0m: \033[33mTulip fog\033[0m\n", "- \033[34mname\033[0m: DB_PASSWORD\n  \033[1;34mvalue\033[0m: \033[33m***\033[0m\n"},
    {"KEY          VALUE\n\033[34mregion\033[0m       eu\ndb_password  \033[33mTulip\033[0m\n", "KEY          VALUE\n\033[34mregion\033[0m       eu\ndb_password  \033[33m***\033[0m\n"},
    {"user  password  age\n----  --------  ---\njo    \033[33mTulipfog\033[0m  \033[32m7\033[0m\n", "user  password  age\n----  --------  ---\njo    \033[33m***\033[0m  \033[32m7\033[0m\n"},
    {" \342\224\224\342\224\200 [~] .API_TOKEN:\n     \342\224\234\342\224\200 \033[31m[-]\033[39m Tulip\n     \342\224\224\342\224\200 \033[32m[+]\033[39m fog\n", " \342\224\224\342\224\200 [~] .API_TOKEN:\n     \342\224\234\342\224\200 \033[31m[-]\033[39m ***\n     \342\224\224\342\224\200 \033[32m[+]\033[39m ***\n"},
    {"password....................Tulip7fog!\n", "password....................***\n"},
    {"Password ........ : Tulip7fog!\n", "Password ........ : ***\n"},
    {"DB_PASSWORD=[-Tulip7fog!-]{+Tulip7fog!+}\n", "DB_PASSWORD=[-***-]{+***+}\n"},
    {"headers={masked=false, X-Auth-Token=[Tulip7fog!]}\n", "headers={masked=false, X-Auth-Token=[***]}\n"},
    {"binding - password=[Tulip7fog!]\n", "binding - password=[***]\n"},
    {"$API_TOKEN[1]: |Tulip7fog!|\n", "$API_TOKEN[1]: ***\n"},
    {"user[email]=a&user[password]=Tulip7fog!&n=1\n", "user[email]=a&user[password]=***&n=1\n"},
    {"#{<<\"password\">> => <<\"Tulip7fog!\">>, <<\"n\">> => 1}\n", "#{<<\"password\">> => <<\"***\">>, <<\"n\">> => 1}\n"},
    {"{\":password\": {\"S\": \"Tulip7fog!\"}}\n", "{\":password\": {\"S\": \"***\"}}\n"},
    {"{\"app:dbPassword\": {\"value\": \"Tulip7fog!\"}}\n", "{\"app:dbPassword\": {\"value\": \"***\"}}\n"},
    {"{\"DB_PASSWORD\" \"Tulip7fog!\", \"HOME\" \"/root\"}\n", "{\"DB_PASSWORD\" \"***\", \"HOME\" \"/root\"}\n"},
    {"run set \"api_token\" \"Tulip7fog!\"\n", "run set \"api_token\" \"***\"\n"},
    {"set :db_password, \"Tulip7fog!\"\n", "set :db_password, \"***\"\n"},
    {"kv put app/db_password Tulip7fog!\n", "kv put app/db_password ***\n"},
    {"http-request set-header X-Api-Key Tulip7fog!\n", "http-request set-header X-Api-Key ***\n"},
    {"  AuthLDAPBindPassword Tulip7fog!\n", "  AuthLDAPBindPassword ***\n"},
    {"dbPassword   Tulip7fog!\n", "dbPassword   ***\n"},
    {"auth-token Tulip7fog!\n", "auth-token ***\n"},
    {"HTTP_Passwd  tUlfOg\n", "HTTP_Passwd  ***\n"},
    {"$_ENV['APP_SECRET']     Tulip7fog!\n", "$_ENV['APP_SECRET']     ***\n"},
    {"<td class=\"e\">DB_PASSWORD </td><td class=\"v\">Tulip7fog! </td>\n", "<td class=\"e\">DB_PASSWORD </td><td class=\"v\">***</td>\n"},
    {"DB_PASSWORD,Tulip7fog!\n", "DB_PASSWORD,***\n"},
    {"\342\224\202 env.API_TOKEN \342\224\202 Tulip7fog! \342\224\202\n", "\342\224\202 env.API_TOKEN \342\224\202 *** \342\224\202\n"},
    {"DECLARE @password nvarchar(64) = 'Tulip7fog!';\n", "DECLARE @password nvarchar(64) = '***';\n"},
    {"v_password VARCHAR2(64) := 'Tulip7fog!';\n", "v_password VARCHAR2(64) := '***';\n"},
    {"Dim password As String = \"Tulip7fog!\"\n", "Dim password As String = \"***\"\n"},
    {"pub const API_TOKEN: &str = \"Tulip7fog!\";\n", "pub const API_TOKEN: &str = \"***\";\n"},
    {"public string Password { get; set; } = \"Tulip7fog!\";\n", "public string Password { get; set; } = \"***\";\n"},
    {"var password = @\"Tulip7fog!\";\n", "var password = @\"***\";\n"},
    {"Config {apiKey = Just \"Tulip7fog!\", n = 1}\n", "Config {apiKey = Just \"***\", n = 1}\n"},
    {" $ password: chr \"Tulip7fog!\"\n", " $ password: chr \"***\"\n"},
    {"db.password: Str(Tulip7fog!)\n", "db.password: Str(***)\n"},
    {"db.password: Str(tUlfOg)\n", "db.password: Str(***)\n"},
    {"ALTER USER app PASSWORD $$Tulip7fog!$$;\n", "ALTER USER app PASSWORD $$***$$;\n"},
    {"ALTER USER app PASSWORD E'Tulip7fog!';\n", "ALTER USER app PASSWORD E'***';\n"},
    {"ALTER DATABASE app SET \"app.jwt_secret\" TO 'Tulip7fog!';\n", "ALTER DATABASE app SET \"app.jwt_secret\" TO '***';\n"},
    {"ALTER CURRENT USER SET PASSWORD FROM \"Tulip7fog!\" TO \"Tulip7fog!\"\n", "ALTER CURRENT USER SET PASSWORD FROM \"***\" TO \"***\"\n"},
    {"*Password:* Tulip7fog!\n", "*Password:* ***\n"},
    {"Label (DB_PASSWORD): Tulip7fog!\n", "Label (DB_PASSWORD): ***\n"},
    {"\345\257\206\347\240\201 password\357\274\232Tulip7fog!\n", "\345\257\206\347\240\201 password\357\274\232***\n"},
    {"password is: Tulip7fog!\n", "password is: ***\n"},
    {"webhook_secret = \"\"\"Tulip7fog!\"\"\"\n", "webhook_secret = \"\"\"***\"\"\"\n"},
    {"OAUTH_CLIENT_SECRET<str> 'Tulip7fog!'\n", "OAUTH_CLIENT_SECRET<str> '***'\n"},
    {"a:1:{s:8:\"password\";s:12:\"Tulip7fog!\";}\n", "a:1:{s:8:\"password\";s:12:\"***\";}\n"},
    {"    Property: spring.datasource.password\n    Value: \"Tulip7fog!\"\n", "    Property: spring.datasource.password\n    Value: \"***\"\n"},
    {"1 validation error\nDATABASE_PASSWORD\n  extra (type=value_error.extra; given='Tulip7fog!')\n", "1 validation error\nDATABASE_PASSWORD\n  extra (type=value_error.extra; given='***')\n"},
    {"[{'loc': ('body', 'password'), 'msg': 'short', 'input': 'Tulip7fog!'}]\n", "[{'loc': ('body', 'password'), 'msg': 'short', 'input': '***'}]\n"},
    {"DB_PASSWORD<<eof_1\nTulip7fog!\neof_1\n", "DB_PASSWORD<<eof_1\n***\neof_1\n"},
    {"  client_secret = <<-EOT\n    Tulip7fog!\n  EOT\n", "  client_secret = <<-EOT\n    ***\n  EOT\n"},
    {"ROOT_PASSWD:\n----\nTulip7fog!\n\nBinaryData\n", "ROOT_PASSWD:\n----\n***\n\nBinaryData\n"},
    {"process.env.API_TOKEN || \"tul7og\"\n", "process.env.API_TOKEN || \"***\"\n"},
    {"@Value(\"${api.token:231022769924418}\")\n", "@Value(\"${api.token:***}\")\n"},
    {"@api_token \"tul fog\"\n", "@api_token \"***\"\n"},
    {"set thePassword to \"tul fog\"\n", "set thePassword ***\n"},
    {"(setq api-token \"tul fog\")\n", "(setq api-token \"***\")\n"},
    {"    env DB_PASSWORD \"tul fog\"\n", "    env DB_PASSWORD \"***\"\n"},
    {"ds.setPassword(\"tul fog\");\n", "ds.setPassword(\"***\");\n"},
    {"$cred = ConvertTo-SecureString -String 'Tulip7fog!' -AsPlainText\n", "$cred = ConvertTo-SecureString -String '***' -AsPlainText\n"},
    {"? app_secret\n: Tulip7fog!\n", "? app_secret\n: ***\n"},
    {"set(API_TOKEN \"tul fog\")\n", "set(API_TOKEN \"***\")\n"},
    {"{\"DB_PASSWORD\" \"tul fog\", \"HOME\" \"/root\"}\n", "{\"DB_PASSWORD\" \"***\", \"HOME\" \"/root\"}\n"},
    {"setattr(cfg, \"password\", \"tul fog\")\n", "setattr(cfg, \"password\", \"***\")\n"},
    {"Client.builder().password(\"tul fog\").build()\n", "Client.builder().password(\"***\").build()\n"},
    {"requirepass tulfog\n", "requirepass ***\n"},
    {"DB_CONN=\"486201937465011\"\n", "DB_CONN=\"***\"\n"},
    {"Label (DB_PASSWORD): tUlfOgtUlfOg\n", "Label (DB_PASSWORD): ***\n"},
    {"auth_token: &pw tul=!215fog\n", "auth_token: &pw ***\n"},
    {"auth_token: !!str tulfog\n", "auth_token: !!str ***\n"},
    {"password........................tUlfOg\n", "password........................***\n"},
    {"jwt.encode(p, key=\"tul fog\", algorithm=\"HS256\")\n", "jwt.encode(p, key=\"***\", algorithm=\"HS256\")\n"},
    {"hmac.new(key=b\"tulfog\", msg=body)\n", "hmac.new(key=b\"***\", msg=body)\n"},
    {"cookies: {'sid': 'tulfog', 'b': 'fogs'}\n", "cookies: {'sid': '***', 'b': '***'}\n"},
    {"{\"cookies\": [\"sid=tulfog\", \"b=fog\"], \"x\": 1}\n", "{\"cookies\": [\"***\", \"***\"], \"x\": 1}\n"},
    {"{\"cookies\": [{\"name\": \"sid\", \"value\": \"tulfog\"}, {\"name\": \"b\", \"value\": \"fog\"}]}\n", "{\"cookies\": [{\"name\": \"sid\", \"value\": \"***\"}, {\"name\": \"b\", \"value\": \"***\"}]}\n"},
    {"req.cookies [Object: null prototype] { sid: 'tulfog' }\n", "req.cookies [Object: null prototype] { sid: '***' }\n"},
    {"[<Cookie sid=tulfog for api.internal/>]\n", "[<Cookie sid=***\n"},
    {"{\"value\": \"tulfog\", \"on\": true, \"name\": \"DB_PASSWORD\"}\n", "{\"value\": \"***\", \"on\": true, \"name\": \"DB_PASSWORD\"}\n"},
    {"{'Value': 'tulfog', 'Key': 'DB_PASSWORD'}\n", "{'Value': '***', 'Key': 'DB_PASSWORD'}\n"},
    {"  Name        Box  Value\n  ----------- ---  -----\n  DB_PASSWORD api  tulfog\n", "  Name        Box  Value\n  ----------- ---  -----\n  DB_PASSWORD api  ***\n"},
    {"name,value\nDB_PASSWORD,tul og fog\n", "name,value\nDB_PASSWORD,***\n"},
    {"| Name | Box | Value |\n|---|---|---|\n| DB_PASSWORD | api | tulfog |\n", "| Name | Box | Value |\n|---|---|---|\n| DB_PASSWORD | api | *** |\n"},
    {"OUTPUT       VALUE\ndbPassword   tulfo\n", "OUTPUT       VALUE\ndbPassword   ***\n"},
    {"DB_PASSWORD    api    test    tul7e9f2bd7fog77\n", "DB_PASSWORD    api    test    ***\n"},
    {"db_password ........ tul fog 42\n", "db_password ........ ***\n"},
    {"const s = import.meta.env.VITE_SECRET ?? 'tul fog';\n", "const s = import.meta.env.VITE_SECRET ?? '***';\n"},
    {"| SecretAccessKey |  tul!fog.7  |\n", "| SecretAccessKey |  ***  |\n"}, {"| SecretAccessKey |  tul-per-ten-fogs  |\n", "| SecretAccessKey |  ***  |\n"},
    {"ENV SECRET_KEY -tulf77og\n", "ENV SECRET_KEY ***\n"},
    {"AuthLDAPBindPassword tulfo!\n", "AuthLDAPBindPassword ***\n"}, {"$_ENV['APP_SECRET']     tulfo!\n", "$_ENV['APP_SECRET']     ***\n"},
    {"tool meta-data set \"api_token\" \"tulfog\"\n", "tool meta-data set \"api_token\" \"***\"\n"}, {" DB_PASSWORD   \"tulfog\"\n", " DB_PASSWORD   \"***\"\n"},
    {"secrets:\n  jwt_secret: |\n    tul fog\n  b: 1\n", "secrets:\n  jwt_secret: |\n    ***\n  b: 1\n"},
    {"(Pdb) p token\n'tulfog'\n", "(Pdb) p token\n'***'\n"}, {">>> settings.secret_key\n'tulfog'\n", ">>> settings.secret_key\n'***'\n"},
    {"DRIVER={X};PWD={/tul+fog=};Encrypt=yes\n", "DRIVER={X};PWD={***};Encrypt=yes\n"},
    {"jdbc:sqlserver://db:1433;user=app;password={tul@fog};encrypt=true\n", "jdbc:sqlserver://db:1433;user=app;password={***};encrypt=true\n"},
    {"\343\203\221\343\202\271\343\203\257\343\203\274\343\203\211(password): tulfog\n", "\343\203\221\343\202\271\343\203\257\343\203\274\343\203\211(password): ***\n"},
    {"docker run -e DB_PASSWORD='tul\\'\\''fog 7' -e X=1\n", "docker run -e DB_PASSWORD='***' -e X=1\n"},
    {"ALTER USER app WITH PASSWORD 'tul\\''fog 7';\n", "ALTER USER app WITH PASSWORD '***';\n"},
    {"POST /x?user%5Bpassword%5D=tul%27fog&b=1\n", "POST /x?user%5Bpassword%5D=***&b=1\n"},
    {"data-x=\"{&quot;apiKey&quot;:&quot;tulfog&quot;,&quot;n&quot;:1}\"\n", "data-x=\"{&quot;apiKey&quot;:&quot;***&quot;,&quot;n&quot;:1}\"\n"},
    {"{\"otp\":\"tul4711\",\"n\":1}\n", "{\"otp\":\"***\",\"n\":1}\n"}, {"--otp=4711tul\n", "--otp=***\n"},
    {"{\"backup_codes\":[\"tulog\",\"fog77\"]}\n", "{\"backup_codes\":[\"***\",\"***\"]}\n"}, {"{\"recoveryCodes\":[\"tulog\"]}\n", "{\"recoveryCodes\":[\"***\"]}\n"},
    {"{\"tokens\":{\"access\":\"tul7e9f2bd7fog77\",\"x\":3}}\n", "{\"tokens\":{\"access\":\"***\",\"x\":3}}\n"},
    {"api_tokens:\n  - tul7e9f2bd7fog77\n  - 'fogs9f2bd7fogs77'\n", "api_tokens:\n  - ***\n  - '***'\n"},
    {"[{\"op\":\"add\",\"path\":\"/data/password\",\"value\":\"tulfog\"}]\n", "[{\"op\":\"add\",\"path\":\"/data/password\",\"value\":\"***\"}]\n"},
    {"  args:\n    - --client-secret\n    - tulfog\n    - --port=80\n", "  args:\n    - --client-secret\n    - ***\n    - --port=80\n"},
    {"FERNET_KEYS=tulfog=,fogtul=\n", "FERNET_KEYS=***\n"},
    {"GET /x;jsessionid=tulfog77\n", "GET /x;jsessionid=***\n"},
    {"https://a.internal/cb?code=tulf0e4b7a9fog77&state=1\n", "https://a.internal/cb?code=***&state=1\n"}, {"grant_type=authorization_code&code=tulf0e4b7a9fog77&x=1\n", "grant_type=authorization_code&code=***&x=1\n"},
    {"gh secret set STRIPE_KEY <<< \"tulfog\"\n", "gh secret set STRIPE_KEY <<< \"***\"\n"},
    {"echo tulfog | gh auth login --with-token\n", "echo *** | gh auth login --with-token\n"}, {"echo 'bob:tulfog' | chpasswd\n", "echo 'bob:***' | chpasswd\n"},
    {"curl -b \"session=tulfog\" https://a.internal/\n", "curl -b \"session=***\" https://a.internal/\n"},
    {"PS> $pw = ConvertTo-SecureString \"tulfog\" -AsPlainText\n", "PS> $pw = ConvertTo-SecureString \"***\" -AsPlainText\n"},
    {"|  ParameterKey   |  DbPassword   |\n|  ParameterValue |  tulfog  |\n", "|  ParameterKey   |  DbPassword   |\n|  ParameterValue |  ***  |\n"},
    {"Key        DbPassword\nText       made\nValue      tulfog\n", "Key        DbPassword\nText       made\nValue      ***\n"},
    {"property 'password' value 'tulfog'\n", "property 'password' value '***'\n"},
    {"Incorrect API key provided: tulf0e4b7a9fog77.\n", "Incorrect API key provided: ***\n"},
    {"key \"db_password\" changed from \"tul fog\" to \"fog\"\n", "key \"db_password\" changed from \"***\" to \"***\"\n"},
    {"TOKEN [tulf0e4b7a9fog77]\n", "TOKEN [***]\n"}, {"SecretStr('tulfog')\n", "SecretStr('***')\n"}, {"smtp_password \"tul fog\";\n", "smtp_password \"***\";\n"},
    {"jdbc:oracle:thin:app/tulfog@db.internal:1521/ORCL\n", "jdbc:oracle:thin:app/***@db.internal:1521/ORCL\n"}, {"code=1&code_verifier=tulfog\n", "code=1&code_verifier=***\n"},
    {"redis AUTH tulfog\n", "redis AUTH ***\n"}, {"127.0.0.1:6379> AUTH default tulfog\n", "127.0.0.1:6379> AUTH default ***\n"}, {"api_tokens:\n  - tuLfOgTulFoGtUlf\n", "api_tokens:\n  - ***\n"},
};
/* What a runner puts before each line. */
static const char *const before_lines[] = {"", "api-1  | ", "api-7d9f8b6c5d-x2x4k api ", "2026-11-30T12:00:00.123456789Z stdout F ", "2026-11-30 12:00:00,123 INFO  [main] c.e.App - ",
    "I, [2026-11-30T12:00:00.123456 #12]  INFO -- : ", "web:build: ", "2026-11-30T12:00:00.1Z stderr P ", "##[debug]", "E   ", "\033[36m", "[2026-11-30 12:00:00,000: INFO/MainProcess] "};
static const char *const plain[] = { /* nothing of these is anybody's */
    "h = [\"Authorization: Bearer \" + token, \"a\"]\n",
    "self.password = password\n",
    "this.token = token;\n",
    "ExpiredToken: The security token included in the request is expired\n",
    "InvalidClientTokenId: The security token included in the request is invalid.\n",
    "MissingAuthenticationToken: Request is missing an authentication token\n",
    "token = data.vault_generic_secret.app.data[\"token\"]\n",
    "API_TOKEN=`vault read -field=x secret/app`\n",
    "DB_PASSWORD=`aws ssm get-parameter --name /x --query Parameter.Value`\n",
    "pub token: Option<String>,\n",
    "    pub secret: Vec<u8>,\n",
    "token: String,\n",
    "auth: oidc\n",
    "{\"withCredentials\": true}\n",
    "headers[\"Authorization\"] = \"Bearer \" + t\n",
    "{\"securitySchemes\":{\"apiKeyAuth\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-API-Key\"}}}\n",
    "apiKeyAuth:\n  type: apiKey\n  in: header\n  name: X-API-Key\n",
    "API_TOKEN=$(aws secretsmanager get-secret-value --secret-id x)\n",
    "aws secretsmanager get-secret-value --secret-id prod-db\n",
    "  --secret-id (string) The ARN or name of the secret.\n",
    "password: ****\n",
    "{\"ulid\":\"01JCWT025M1XHR0DCPWPFWSXDW\"}\n",
    "Keys: 12, passwords: 3\n",
    "        token: ${{ github.token }}\n",
    "token: ${{ steps.log-in.outputs.token }}\n",
    "password: ~\n",
    "  id-token: write\n",
    "{\"StringEquals\":{\"token.actions.githubusercontent.com:aud\":\"sts.amazonaws.com\"}}\n",
    "Invalid token: expired\n",
    "user[:password] = params[:password]\n",
    "secret = new Secret(this, 'DbSecret')\n",
    "password = env.str(\"DB_PASSWORD\")\n",
    "{\"S3\":{\"Key\":\"a/b/c.txt\"}}\n",
    "private_subnet_rsa\n",
    "Bearer token, please!\n",
    "snyk auth failed, then cargo login again\n",
    "private_bytes=1234567\n",
    "Bearer tokens!\n",
    "securitySchemes:\n  bearerAuth:\n    type: http\n    scheme: bearer\n    bearerFormat: JWT\n",
    "secrets:\n  db_password:\n    file: ./secrets/db_password.txt\n",
    "if (apikey == \"${{ vars.x }}\")", "if (apikey == \"{{x}}\")", "if (api_key == \"a(b)\")", "password[0] == 'x'", "token[n] = \"a\"", "secret[25] = 7", "tokens[0] = \"abc\"", "char password[25];",
    "PWD=/home/app/project\n", "SSH_AUTH_SOCK=/tmp/ssh-XXXX/agent.123\n", "always-auth=true\n", "  persist-credentials: true\n",
    "arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-AbCdEf\n", "password: !Ref DBPassword\n",
    "DB_PASSWORD: ${DB_PASSWORD:?required}\n", "  + password = (sensitive value)\n", "PASSWORD_HASHERS=argon2\n",
    "botocore.exceptions.NoCredentialsError: Unable to locate credentials\n", "Using --password via the CLI is insecure.\n",
    "<Login password={password} token={token} />\n", "{\"line\": \"--password\", \"n\": 7}\n", "[\"--password-stdin\", \"x77\"]\n", "{\"label\": \"Password:\", \"n\": {\n    \"x\": 1\n  }}\n",
    "password = hash_password(plain)\n", "Error: (using password: YES)\n", "[\n  \"the new secret: \",\n    {\n      \"n\": 1\n    }\n]\n", "    password: SecretStr\n", "    token: Annotated[str, Depends(scheme)]\n",
    "{\"m\": \"x\\narn:aws:lambda:eu-central-1:123456789012:function:rotate-secret:3\"}\n", "{\"Name\": \"tag\", \"Value\": \"prod\"}\n",
    "| table | key |\n|---|---|\n| a | primary |\n", "SELECT id, password FROM users WHERE id = 1, 2\n", "a password, a name\nand more, too\n",
    "- name: A\n  valueFrom:\n    secretKeyRef:\n      name: db-secret\n      key: password\n- name: B\n  value: x\n", "password\nmust be set\n", "std::string Password::text\n",
    "x \"token Password\",\n  \"other\": \"b\",\n", "[\n\"id\", \"token\"\n], \"b\": 1\n",
    "[\n  \"s password\",\n  false,\n  []\n]\n",
    "conn=14 open=3\n",
    "token_expires_in=3600\n",
    "passwords_checked: 10423\n",
    "token: \"{{ vault_token }}\"\n",
    "\033[31marn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-AbCdEf\033[0m\n",
    "{\"log\": \"{\\\"log\\\": \\\"password=None\\\\n\\\"}\"}\n",
    "\033[31m\"private\": true\033[0m\n",
    "tokenKey: [\"body.0.id\"]\n",
    "  secrets:\n    - db_password\n",
    "secrets:\n  db:\n    file: ./db.txt\n",
    "<Code>NoSuchKey</Code><Message>gone</Message>\n",
    "  + password = (known after apply)\n", "password: <redacted>\n", "{\"password\": \"[FILTERED]\", \"token\": \"[redacted]\"}\n", "password: [REDACTED]\n", "token: [FILTERED]\n", "token: <sensitive>\n", "password = (known after apply)\n", "password: SecretStr = Field(min_length=8)\n", "call (password,hash) x\n", "const token = await getToken();\n", "  --db-password PASSWORD  the password of the database\n",
    "secret_id = aws_secretsmanager_secret.db.id\n", "password: str = Field(min_length=8)\n", "git config --global credential.helper store\n", "dvc remote modify origin url s3://bucket/path\n",
    "git config --get gitlab.token && ls\n", "the server was set password rules apply\n", "api config token v2 is old\n", "to set password rules77 first\n", "acmectl config set token-file /run/token\n", "gh secret set API_TOKEN < token.txt\n",
    "  [Symbol(kind)]: 'x',\n", "map[Accept:[*/*] Via:[x]]\n", "auth.users      42\n", "spark.authenticate.secret    PooledSecretFactory\n", "  password BCryptPasswordEncoder\n", "(public.key,42)\n", "check(password,hash)\n", "[[\"token\", \"text\"], [\"n\", \"int\"]]\n",
    "1) \"port\"\n2) \"6379\"\n", " \342\224\224\342\224\200 [~] .PORT:\n     \342\224\224\342\224\200 [+] 8080\n", "\033[1;34ms3_key\033[0m=uploads/a.pdf\n", "token: Some(token)\n", "token: Some(config.session_tokenValue)\n", "token: Some(user-token)\n",
    "PASS src/login2.test.js\n", "INFO:root:arn:aws:secretsmanager:eu-central-1:123456789012:secret:shop/db-AbCdEf\n",
    "DB_PASSWORD:  <set to the key 'password' in secret 'app-db'>  Optional: false\n",
    "docker-pullable://nginx@sha256:d8e8fca2dc0f896fd7cb4cb0031ba249d8e8fca2dc0f896fd7cb4cb0031ba249\n",
    "DbPassword: {{resolve:secretsmanager:db:SecretString:password}}\n",
    "password = random_password.db.result\n",
    "\"password\": \"${var.db_password}\"\n",
    "conn_max_age: 600\n",
    "SESSION_COOKIE_AGE = 1209600\n",
    "cookie_consent=accepted\n",
    "auth_time=1764504000\n",
    "Authorization: required\n",
    "password: required\n",
    "pub fn with_password(self, password: &str) -> Self {\n",
    "  -p, --password     prompt for the password\n",
    "credentials: include\n",
    "credentials: 'same-origin'\n",
    "credential_process = /usr/local/bin/creds\n",
    "passwd: files systemd\n",
    "passphrase: not set\n",
    "(using password: NO)\n",
    "{\"m\":\"{\\\"a\\\":\\\"ERROR (using password: YES)\\\\n\\\"}\"}\n",
    "\033[1mpassword\033[0m=None, \033[1muser\033[0m='app'\n",
    "\"AWS::IAM::AccessKey\": \"bf29289b78d371e3\"\n",
    "\"secretsmanager:GetSecretValue\": \"Read\"\n",
    "pass_fds=[writer]\n",
    "server.token = \\\n    server.id_to_obj[token.id]\n",
    "keys = {rig.key[0]: rig.key[1]}\n",
    "elif token == \"#bygroup\":\n",
    "headers['Authorization'] = ', '.join(header)\n",
    "auth-token v1.2.3-rc1\n",
    "tests/test_token.py........F..\n",
    "the \"private\" `timers._unrefActive()` is deprecated\n",
    "  \033[1mNPM_TOKEN\033[0m: ${{ secrets.NPM_TOKEN }}\n",
    "db_conn: 14\n",
    "oauth2_scheme = OAuth2PasswordBearer(tokenUrl=\"auth/token\")\n",
    "headers: { Authorization: `Bearer ${token}` },\n",
    "headers = {\"Authorization\": f\"Bearer {settings.token}\"}\n",
    "cookie_samesite: lax\n",
    "secret_key: str = Field(..., min_length=8)\n",
    "| token | text | not null |\n",
    "the token is required for 2 days\n", "your api key is valid until 2027\n", "the api key is \"default\"\n",
    "Erlang/OTP: 26\n", "otp: required\n", "{\"tokens\": {\"primary\": \"#3b82f6\", \"prompt\": 12}}\n", "api_tokens:\n  - name: x\n  - ./a/b7\n", "exit?code=1&state=2\n", "{\"path\": \"/api/token\", \"value\": \"tulip\"}\n",
    "password:  24 bytes\ntoken:     36 bytes\n", "{\"log\": \"password:  24 bytes\\ntoken:     36 bytes\"}\n",
    "tests 12, pass: 2, fail: 0\n", "pass: 12\n",
    "secretKey: configService.get<string>('JWT_SECRET'),\n", "conn = await asyncpg.connect(dsn=settings.database_url)\n",
    "aws_secret_access_key = ****************ABCD\n",
    "S105 Possible hardcoded password assigned to: \"token_type\"\n", "token_type=bearer expires_in=3600\n", "auth_backend: cognito\n",
    "secrets:\n  DB_PASSWORD: /copilot/${COPILOT_APPLICATION_NAME}/secrets/DB_PASSWORD\n",
    "\033[1;34mDB_PASSWORD\033[0m=\033[32m${DB_PASSWORD:?missing}\033[0m\n", "host key \033[1;34mSHA256\033[0m:mFa8NxrwsTG7mmDraclYbDb2KPOiVEZGMbGfQOvxQBb\n",
    "auth-token ........................... SUCCESS [  2.5 s]\n", "auth_token ........ PASSED\n",
    "sorted(x, key=\"name\")\n", "Item.get(key='users')\n", "{\"value\": \"tulip\", \"name\": \"CITY\"}\n", "cookies: accepted\n", "{\"cookies\": true}\n",
    "name,value\nCITY,tulip\n", "| secret_key | some-words | yes |\n", ">>> settings.secret_key\n>>> 1\n",
};
/* clang-format on */

static void check_rows(const struct row *rows, size_t n) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    for (size_t i = 0; i < n; i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(rows[i].text), NULL);

        if (strcmp(masked, rows[i].masked) != 0) {
            fail_msg("%s -> %s not %s", rows[i].text, masked, rows[i].masked);
        }
        check_fixpoint(redactor, str_from(rows[i].text), rows[i].text);
    }
}

static void what_a_log_puts_before_a_line_does_not_hide_where_it_begins(void **state) {
    (void)state;
    check_rows(leads, ARRAY_N(leads));
}

static void colours_hide_neither_name_nor_value_and_stay(void **state) {
    (void)state;
    check_rows(colours, ARRAY_N(colours));
}

static void values_are_found_in_each_form_a_tool_prints_them(void **state) {
    (void)state;
    check_rows(forms, ARRAY_N(forms));
}

static void a_name_and_its_value_may_stand_apart(void **state) {
    (void)state;
    check_rows(apart, ARRAY_N(apart));
}

/* `text` with `lead` before each line, and in JSON `depth` times; the caller frees. */
static char *placed(const char *text, const char *lead, int depth) {
    CLEANUP(buf_done) struct buf out = BUF_INIT(TEXT_MAX);
    struct str rest = str_from(text);
    struct str line = {0};

    while (str_next(&rest, '\n', &line)) {
        if (line.len > 0) {
            buf_addf(&out, "%s%.*s%s\n", lead, (int)line.len, line.ptr,
                     lead[0] == '\033' ? "\033[0m" : "");
        }
    }
    for (int i = 0; i < depth; i++) {
        CLEANUP(json_decrefp)
        json_t *object = json_pack("{s:o,s:i}", "msg", json_string_of(buf_str(&out)), "n", i);
        CLEANUP(freep) char *json = json_dumps(object, JSON_COMPACT);

        out.len = 0;
        buf_add_s(&out, json);
    }
    return buf_take(&out);
}

static void values_are_found_wherever_a_line_is_put(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    check_rows(anywhere, ARRAY_N(anywhere));
    for (size_t i = 0; i < ARRAY_N(anywhere) * ARRAY_N(before_lines) * 4; i++) {
        const char *lead = before_lines[i / 4 % ARRAY_N(before_lines)];
        CLEANUP(freep)
        char *text = placed(anywhere[i / 4 / ARRAY_N(before_lines)].text, lead, (int)(i % 4));
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(text), NULL);

        if (strcasestr(masked, "tul") != NULL || strstr(masked, "fog") != NULL) {
            fail_msg("%s -> %s", text, masked);
        }
        if (i % 4 > 0 && !is_json(str_from(masked))) {
            fail_msg("%s -> %s is no JSON", text, masked);
        }
        check_fixpoint(redactor, str_from(text), text);
    }
}

/* clang-format off */
static const char *const spellings[] = { /* of Q7 a"b'c&d<e\n9z, whose \n is two characters, and of W4 \xc3\xbc+7x9 */
    "Q7 a&quot;b&#x27;c&amp;d&lt;e\\n9z", "Q7 a&quot;b&#39;c&amp;d&lt;e\\n9z", "Q7 a\"b'c&amp;d&lt;e\\n9z",
    "Q7 a\"b'\"'\"'c&d<e\\n9z", "Q7 a\"b\\'c&d<e\\\\n9z", "{\"a\": \"Q7 a\\\"b'c&d<e\\\\n9z\"}", "Q7+a%22b%27c%26d%3Ce%5Cn9z",
    "Q7 a\"b''c&d<e\\n9z", "Q7 a\"\"b'c&d<e\\n9z", "{\"a\": \"{\\\"b\\\": \\\"Q7 a\\\\\\\"b''c&d<e\\\\\\\\n9z\\\"}\"}", "{\"a\": \"{\\\"b\\\": \\\"Q7 a\\\\\\\"\\\\\\\"b'c&d<e\\\\\\\\n9z\\\"}\"}", "{\"a\": \"{\\\"b\\\": \\\"Q7 a\\\\\\\"b'\\\\\\\"'\\\\\\\"'c&d<e\\\\\\\\n9z\\\"}\"}",
    "W4 \\xc3\\xbc+7x9", "{\"a\": \"{\\\"b\\\": \\\"W4 \\\\u00fc+7x9\\\"}\"}", "W4+\xc3\xbc%2B7x9",
};
/* clang-format on */

static void known_values_are_found_as_each_writer_spells_them(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_known(redactor, "A", STR("Q7 a\"b'c&d<e\\n9z"));
    redactor_add_known(redactor, "B", STR("W4 \xc3\xbc+7x9"));
    for (size_t i = 0; i < ARRAY_N(spellings); i++) {
        CLEANUP(freep) char *masked = mask_of(redactor, str_from(spellings[i]), NULL);

        if (strstr(masked, "9z") != NULL || strstr(masked, "7x9") != NULL) {
            fail_msg("%s -> %s", spellings[i], masked);
        }
    }
}

static void values_of_an_env_file_are_known_in_each_reading(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();

    (void)state;
    redactor_add_env(
        redactor,
        STR("A=Tulip7f # of bob\nB=\"fog \\\"77\" # note\nC=\"one 4Kx\ntwo 9Qz\nthree\"\n"
            "D=last-7e\nE=\"rows\\n8Vv7x\"\nF='open 5Rr\n"),
        true);
    CLEANUP(freep)
    char *masked = mask_of(
        redactor, STR("Tulip7f, fog \"77, one 4Kx, two 9Qz, last-7e, 8Vv7x, open 5Rr"), NULL);
    assert_string_equal(masked, "***, ***, ***, ***, ***, 8Vv7x, ***");
}

/* As Notepad writes them, and > of PowerShell. */
static void values_of_an_env_file_are_known_in_utf_16_too(void **state) {
    static const char file[] = "A=Tulip\xfc"
                               "7f\r\nDB_HOST=fog.internal\r\nB=one4Kx\r\n";
    static const char masked_as[] = "A: ***, B: ***, ***";

    (void)state;
    for (int order = 0; order < 4; order++) {
        CLEANUP(redactor_freep) struct redactor *redactor = redactor_new();
        CLEANUP(buf_done) struct buf text = BUF_INIT(TEXT_MAX);

        buf_add_s(&text, order == 0   ? "\xff\xfe"
                         : order == 1 ? "\xfe\xff"
                         : order == 2 ? "\xef\xbb\xbf"
                                      : "");
        for (const char *p = file; *p != '\0'; p++) { /* of Latin 1 */
            if (order < 2) {
                buf_add(&text, order == 0 ? (struct str){p, 1} : (struct str){"\0", 1});
                buf_add(&text, order == 0 ? (struct str){"\0", 1} : (struct str){p, 1});
            } else {
                utf8_add_point(&text, (unsigned char)*p);
            }
        }
        redactor_add_env(redactor, buf_str(&text), true);
        CLEANUP(freep)
        char *masked = mask_of(redactor,
                               STR("A: Tulip\xc3\xbc"
                                   "7f, B: one4Kx, fog.internal"),
                               NULL);
        assert_string_equal(masked, masked_as);
    }
}

static void what_only_looks_like_a_value_stays(void **state) {
    CLEANUP(redactor_freep) struct redactor *redactor = redactor_with_known();

    (void)state;
    check_stays(redactor, plain, ARRAY_N(plain));
}

/* A name whose value is masked is not judged; what follows the mask may be a secret all the same.
 */
static void what_follows_a_mask_is_still_read(void **state) {
    static const struct row rows[] = {
        {"password=***Tulip4821", "password=***"},
        {"password: ***Tulip4821", "password: ***"},
        {"password=*** Tulip4821", "password=***"},
        {"  token=*** hd83kfkKk29dkQ", "  token=***"},
        {"password=***=Tulip4821 x", "password=***"},
        {"\"password\": \"***Tulip4821\"", "\"password\": \"***\""},
        {"{\"password\": \"***\\\"Tulip4821\"}", "{\"password\": \"***\"}"},
        {"password='***''Tulip4821'", "password='***'"},
        {"password: \"***\" -> \"Tulip4821\"", "password: \"***\" -> \"***\""},
        {"curl \"https://x.y/?token=***&password=Tulip4821\"",
         "curl \"https://x.y/?token=***&password=***\""},
        {"curl \"https://x.y/?token=***hd83kfkKk29dkQ&a=1\"",
         "curl \"https://x.y/?token=***&a=1\""},
        {"export A_TOKEN=*** B_TOKEN=hd83kfkKk29dkQ", "export A_TOKEN=*** B_TOKEN=***"},
        {"password=*** ab==Tulip4821", "password=***"},
    };

    (void)state;
    check_rows(rows, ARRAY_N(rows));
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_log_puts_before_a_line_does_not_hide_where_it_begins),
        cmocka_unit_test(colours_hide_neither_name_nor_value_and_stay),
        cmocka_unit_test(values_are_found_in_each_form_a_tool_prints_them),
        cmocka_unit_test(a_name_and_its_value_may_stand_apart),
        cmocka_unit_test(values_are_found_wherever_a_line_is_put),
        cmocka_unit_test(known_values_are_found_as_each_writer_spells_them),
        cmocka_unit_test(values_of_an_env_file_are_known_in_each_reading),
        cmocka_unit_test(values_of_an_env_file_are_known_in_utf_16_too),
        cmocka_unit_test(what_only_looks_like_a_value_stays),
        cmocka_unit_test(what_follows_a_mask_is_still_read),
    };

    return cmocka_run_group_tests_name("redact_log", tests, NULL, NULL);
}

/** Passwords of eight characters and more that lead every list of leaked ones, in lower case. */
export const commonPasswords: ReadonlySet<string> = new Set(
  `
12345678 123456789 1234567890 0123456789 123123123 1234512345 123456123456 11111111 111111111 1111111111
00000000 000000000 0000000000 22222222 33333333 44444444 55555555 66666666 77777777 88888888 99999999
999999999 987654321 9876543210 87654321 12341234 11223344 1122334455 112233445566 12121212 1212121212
69696969 10101010 01010101 13131313 147258369 159357456 159753456 741852963 789456123 963852741 14725836
12344321 1234567a 12345678a 123456789a 12345678910 123456abc 1234abcd 123abc456 123qweasd 123qwe123
123qweasdzxc 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc 1qazxsw2 2wsx3edc q1w2e3r4 q1w2e3r4t5
q1w2e3r4t5y6 qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwer1234 qwe123qwe
qweasdzxc qweqweqwe qwertyqwerty asdfghjk asdfghjkl asdf1234 asdfasdf asdfqwer zxcvbnm1 zxcvbnm123
zxcvbnm, zaq12wsx zaq1zaq1 zaq1xsw2 zxczxczxc !qaz2wsx !qaz@wsx 1qaz@wsx 1qaz!qaz qwerty!@# password
password0 password1 password1! password2 password12 password12! password123 password123! password1234
password12345 password@1 password@12 password@123 password! password. passw0rd passw0rd! passw0rd1
p@ssword p@ssword1 p@ssword123 p@ssw0rd p@ssw0rd! p@ssw0rd1 p@ssw0rd12 p@ssw0rd123 p@55w0rd pa$$word
pa$$w0rd pa55word passwort passwort1 mypassword newpassword yourpassword thepassword secretpassword
adminadmin admin123 admin1234 admin12345 admin123456 admin@123 admin@1234 administrator administrator1
rootroot root1234 rootpassword superuser superadmin letmein1 letmein! letmein123 letmein2 welcome1
welcome1! welcome12 welcome123 welcome123! welcome@1 welcome@123 welcome2 changeme changeme1 changeme123
changeme! changeit123 default1 default123 temp1234 temppass test1234 test12345 testtest testing1
testing123 testpass guest123 guest1234 user1234 userpass login123 secret123 mysecret topsecret abcd1234
abcd12345 abc12345 abc123456 abcabc123 abcdefgh abcdefghi abcdefg1 abcdef123 aa123456 aa12345678 a1b2c3d4
a1b2c3d4e5 a12345678 a123456789 aaaaaaaa aaaaaaaaaa asd12345 q1234567 z1234567 iloveyou iloveyou1
iloveyou! iloveyou2 iloveyou123 iloveu123 loveyou1 lovelove loveme123 princess princess1 sunshine
sunshine1 sunshine123 football football1 football123 baseball baseball1 basketball softball hockey123
soccer123 superman superman1 spiderman batman123 starwars starwars1 pokemon1 pokemon123 minecraft nintendo
computer computer1 internet internet1 samsung1 samsung123 michelle michael1 michael123 jennifer jessica1
jordan23 jordan123 charlie1 charlie123 daniel123 danielle elizabeth samantha victoria veronica christian
christopher alexander alexandra benjamin nicholas jonathan patricia rockstar chocolate chocolate1
butterfly butterfly1 dragon123 monkey123 master123 shadow123 killer123 freedom1 whatever whatever1
trustno1 blink182 babygirl babygirl1 sweetheart angel123 beautiful forever1 friends1 family123 mercedes
corvette mustang1 porsche911 ferrari1 liverpool liverpool1 chelsea1 arsenal1 barcelona manchester juventus
midnight mountain november december september february scorpion serenity stargate startrek steelers
cowboys1 dolphins yankees1 redskins access14 bigdaddy blahblah creative explorer garfield hello123
hello1234 hellohello helloworld maverick maverick1 metallica microsoft q1q1q1q1 qazwsxedc qazwsx123
google123 facebook facebook1 linkedin linkedin1 spring2024 summer2024 autumn2024 winter2024 spring2025
summer2025 winter2025 spring2026 summer2026 winter2026 webhook1 webhook123 datapusher datapusher1
datapusher123
`
    .trim()
    .split(/\s+/),
);

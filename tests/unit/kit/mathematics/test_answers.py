"""Tables of questions and their answers, area by area.

A line is `question => exact answer`, or `question ~> decimal answer` where there is no exact one.
"""

from __future__ import annotations

from typing import Any

import pytest

from backend.kit.mathematics.evaluate import answer

ARITHMETIC = r"""
2+2 => 4
12 * (3 + 4) => 84
0.1+0.2 => 0.3
1.1*1.1 => 1.21
0.1*3 - 0.3 => 0
1/3+1/6 => 1/2
7/2 => 7/2
2^10 => 1024
2**10 => 1024
-2^2 => -4
(-2)^2 => 4
2^3^2 => 512
2^-1 => 1/2
2--3 => 5
2*-3 => -6
+5 => 5
6/2(1+2) => 9
3(4+1) => 15
(2)(3) => 6
1e3 => 1000
1.5e-3 * 2 => 0.003
1_000_000 => 1000000
1,000 + 2,500 => 3500
1,234,567.89 * 2 => 2469135.78
10 % 3 => 1
17 mod 5 => 2
-7 mod 3 => 2
mod(17, 5) => 2
17 // 5 => 3
-17 // 5 => -4
5! => 120
0! => 1
5!! => 15
3!^2 => 36
-3! => -6
2^3! => 64
|\u22125| => 5
|3-7| + |2| => 6
2|x| => 2*|x|
3 \u00d7 4 ÷ 2 => 6
3 x 4 => 12
6 · 7 => 42
2²+3³ => 31
10⁻² => 1/100
½ + ¼ => 3/4
√16 => 4
∛27 => 3
√(9+16) => 5
sqrt(8) => 2*sqrt(2)
sqrt(1/4) => 1/2
cbrt(-8) => -2
root(-32, 5) => -2
0^0 => 1
5 million + 3 thousand => 5003000
1 << 10 => 1024
2^1000 mod 7 => 2
pow(2, 10, 1000) => 24
999999999999 * 999999999999 => 999999999998000000000001
100! / 98! => 9900
round(2.567, 2) => 2.57
round(2.5) => 3
round(-2.5) => -3
floor(-2.5) => -3
ceil(2.1) => 3
trunc(-2.7) => -2
int(3.7) => 3
min(3, 1, 2) => 1
max(3, 1, 2) => 3
sign(-3) => -1
hypot(3, 4) => 5
1e999999999 ~> 1e+999999999
2^100000 ~> 9.99002093014385e+30102
"""

PERCENT = r"""
15% of 80 => 12
25 percent of 480 => 120
200 + 10% => 220
200 - 10% => 180
10% + 5% => 0.15 | 3/20
50 * 10% => 5
5% => 1/20
percent change from 50 to 75 => 50%
percentage increase from 80 to 100 => 25%
percentage decrease from 100 to 80 => -20%
percent_change(50, 75) => 50
what percent of 80 is 20 => 25%
20 is what percent of 80 => 25%
increase 200 by 10% => 220
decrease 200 by 25% => 150
20% off 50 => 40
30 is 15% of what number => 200
0.25 as a percent => 25%
15% of $80 => 12
"""

FUNCTIONS = r"""
sin(30°) => 1/2
sin(30 degrees) => 1/2
sin 30° => 1/2
tan(45 deg) => 1
cos(pi/3) => 1/2
cos(60°)^2 + sin(60°)^2 => 1
sin^-1(1/2) => pi/6
arcsin(1) => pi/2
atan2(1, 1) => pi/4
sinh(0) => 0
ln(e^2) => 2
log(e) => 1
log(8, 2) => 3
log10(1000) => 3
log2(8) => 3
log2(1/8) => -3
log_2(8) => 3
log_2 8 => 3
log base 3 of 81 => 4
log of 100 base 10 => 2
exp(0) => 1
gamma(5) => 24
gamma(1/2) => sqrt(pi)
zeta(2) => pi^2/6
erf(0) => 0
degrees(pi) => 180
radians(180) => pi
180 deg to rad => pi rad
pi rad to degrees => 180°
2π => 2*pi
2 sin x cos x => 2*sin(x)*cos(x)
sin 2x => sin(2*x)
"""

COMPLEX = r"""
i^2 => -1
(1+2i)*(3-i) => 5 + 5*i
(1+i)^10 => 32*i
1/(1+i) => 1/2 - i/2
sqrt(-4) => 2*i
3+4j => 3 + 4*i
abs(3+4i) => 5
|3+4i| => 5
conj(2+3i) => 2 - 3*i
re(2+3i) => 2
im(2+3i) => 3
arg(i) => pi/2
e^(i*pi) => -1
log(-1) => i*pi
(2+i)/(2-i) => 3/5 + 4*i/5
"""

INTEGERS = r"""
gcd(12, 18) => 6
gcd of 12 and 18 => 6
greatest common divisor of 48, 36 and 60 => 12
lcm(4, 6) => 12
least common multiple of 4, 6 and 10 => 60
prime factors of 360 => 2^3 * 3^2 * 5
factor 360 => 2^3 * 3^2 * 5
factorint(-12) => -2^2 * 3
factorint(2^64-1) => 3 * 5 * 17 * 257 * 641 * 65537 * 6700417
is 97 prime => true
is 91 prime? => false
isprime(2^61-1) => true
nextprime(100) => 101
prevprime(100) => 97
10th prime => 29
prime(10) => 29
primepi(100) => 25
divisors(12) => [1, 2, 3, 4, 6, 12]
totient(10) => 4
binomial(5, 2) => 10
5 choose 2 => 10
C(5, 2) => 10
nCr(10, 3) => 120
binomial(5, 7) => 0
nPr(5, 2) => 20
factorial(20) => 2432902008176640000
math.factorial(5) => 120
5 factorial => 120
fibonacci(10) => 55
10th fibonacci number => 55
catalan(5) => 42
powmod(2, 100, 7) => 2
modinv(3, 7) => 5
xor(5, 3) => 6
bitand(6, 3) => 2
bitor(6, 3) => 7
factorial(10^9) ~> 9.90462657922299e+8565705522
binomial(10^9, 5*10^8) ~> 1.16391497689384e+301029991
fibonacci(10^6) ~> 1.95328212870776e+208987
"""

BASES = r"""
0xff => 255
0b1010 + 0o17 => 25
255 in hex => 0xff
255 in binary => 0b11111111
64 in octal => 0o100
255 in base 7 => 513 (base 7)
hex(255) => 0xff
bin(10) => 0b1010
oct(8) => 0o10
0xff to decimal => 255
0xff in binary => 0b11111111
convert 255 to hexadecimal => 0xff
convert ff from hex to decimal => 255
1010 binary to decimal => 10
convert 1010 from binary to decimal => 10
tobase(35, 36) => z (base 36)
-10 in binary => -0b1010
0.75 as a fraction => 3/4
3/8 as a decimal => 0.375 | 3/8
"""

LISTS = r"""
mean(1, 2, 3, 4) => 5/2
mean of 1, 2, 3 and 4 => 5/2
average of 10 20 30 => 20
np.mean([1, 2, 3]) => 2
median(3, 1, 2) => 2
median of 4, 1, 3, 2 => 5/2
mode(1, 2, 2, 3) => 2
mode(1, 1, 2, 2) => [1, 2]
stdev(2, 4, 4, 4, 5, 5, 7, 9) => 4*sqrt(14)/7
population standard deviation of 2, 4, 4, 4, 5, 5, 7, 9 => 2
variance([1, 2, 3, 4]) => 5/3
pvariance([1, 2, 3, 4]) => 5/4
sum([1, 2, 3]) => 6
sum of 1, 2 and 3 => 6
sum(1, 2, 3) => 6
product of 3, 4 and 5 => 60
count([1, 2, 3]) => 3
max of 3, 9 and 4 => 9
"""

MATRICES = r"""
[[1,2],[3,4]] * [[5,6],[7,8]] => [[19, 22], [43, 50]]
[[1,2],[3,4]] @ [[5,6],[7,8]] => [[19, 22], [43, 50]]
[[1,2],[3,4]] + [[1,1],[1,1]] => [[2, 3], [4, 5]]
2*[[1,2],[3,4]] => [[2, 4], [6, 8]]
[[1,2],[3,4]]^2 => [[7, 10], [15, 22]]
[[1,2],[3,4]]^-1 => [[-2, 1], [3/2, -1/2]]
inverse of [[1,2],[3,4]] => [[-2, 1], [3/2, -1/2]]
det([[1,2],[3,4]]) => -2
determinant of [[2,0],[0,3]] => 6
np.linalg.det(np.array([[1,2],[3,4]])) => -2
\begin{pmatrix}1&2\\3&4\end{pmatrix}^2 => [[7, 10], [15, 22]]
transpose([[1,2,3],[4,5,6]]) => [[1, 4], [2, 5], [3, 6]]
rank([[1,2],[2,4]]) => 1
trace([[1,2],[3,4]]) => 5
rref([[1,2],[3,4]]) => [[1, 0], [0, 1]]
nullspace([[1,2],[2,4]]) => [[-2, 1]]
eigenvalues([[2,0],[0,3]]) => 2; 3
eigenvectors([[2,0],[0,3]]) => 2 with [1, 0]; 3 with [0, 1]
[[1,2],[3,4]] * [1, 1] => [3, 7]
[1,2,3]*2 => [2, 4, 6]
[1,2] + [3,4] => [4, 6]
dot([1,2,3], [4,5,6]) => 32
cross([1,0,0], [0,1,0]) => [0, 0, 1]
norm([3,4]) => 5
identity(2) => [[1, 0], [0, 1]]
[[1,2],[3,4]] == [[1,2],[3,4]] => true
"""

ALGEBRA = r"""
2x + 3x => 5*x
x(x+1) - x => x*(x + 1) - x
x y + y x => 2*x*y
simplify (x^2-1)/(x-1) => x + 1
simplify sin(x)^2+cos(x)^2 => 1
expand (x+1)^3 => x^3 + 3*x^2 + 3*x + 1
expand((a+b)^2) => a^2 + 2*a*b + b^2
factor x^2 - 5x + 6 => (x - 3)*(x - 2)
factor(x^4-1) => (x - 1)*(x + 1)*(x^2 + 1)
partial fractions of 1/(x^2-1) => -1/(2*(x + 1)) + 1/(2*(x - 1))
cancel((x^2-4)/(x-2)) => x + 2
together(1/x + 1/y) => (x + y)/(x*y)
x^2 + 1 where x = 3 => 10
x^2 + y where x = 3 and y = 2 => 11
let x = 5; x^2 + 1 => 26
x^2 at x=3 => 9
gcd(x^2-1, x-1) => x - 1
"""

EQUATIONS = r"""
solve x^2 = 4 => x = -2 or x = 2
solve(x**2-4, x) => x = -2 or x = 2
Solve[x^2==4, x] => x = -2 or x = 2
x^2 - 5x + 6 = 0 => x = 2 or x = 3
2x + 3 = 7 => x = 2
find x if 2x + 3 = 9 => x = 3
solve for x: 2x = 6 => x = 3
solve 2x + y = 5 for y => y = 5 - 2*x
solve a*x + b = 0 for x => x = -b/a
solve price*3 = 12 for price => price = 4
x^2 = -1 => x = -i or x = i
(x-1)^2 = 0 => x = 1
roots of x^2 - 2 => x = -sqrt(2) ≈ -1.4142135623731 or x = sqrt(2) ≈ 1.4142135623731
x^3 - 6x^2 + 11x - 6 = 0 => x = 1 or x = 2 or x = 3
x + y = 3, x - y = 1 => x = 2, y = 1
x + y = 3 and x - y = 1 => x = 2, y = 1
solve([x+y-3, x-y-1], [x, y]) => x = 2, y = 1
solve the system x + y = 10, 2x - y = 2 => x = 4, y = 6
x + y = 1, 2x + 2y = 2 => x = 1 - y
x^2+y^2=25, x+y=7 => x = 3, y = 4; or x = 4, y = 3
x+y+z=6, x-y=-1, z=3 => x = 1, y = 2, z = 3
e^x = 5 => x = ln(5) ≈ 1.6094379124341
2^x = 8 => x = 3
log(x) = 2 => x = exp(2) ≈ 7.38905609893065
sqrt(x) = 3 => x = 9
|x| = 3 => x = -3 or x = 3
1/x = 4 => x = 1/4 = 0.25
sin(x) = 0 => x = 2*pi*n for every whole number n or x = 2*pi*n + pi for every whole number n
cos(x) = x ~> x ≈ 0.739085133215161
x^2 < 4 => -2 < x < 2
x^2 >= 9 => x <= -3 or x >= 3
|x-2| < 5 => -3 < x < 7
2x + 1 > 7 => x > 3
1 < x < 3 => 1 < x < 3
(x-1)/(x+2) >= 0 => x < -2 or x >= 1
x^2 >= 0 => every real x
x + 1 > 0, x < 5 => -1 < x < 5
2+2=4 => true
2+2=5 => false
0.1 + 0.2 == 0.3 => true
2^100 > 3^60 => true
is 2^100 greater than 3^60 => true
pi > 22/7 => false
3 > 2 > 1 => true
1 != 2 => true
sqrt(2)*sqrt(3) = sqrt(6) => true
x = x + 1 => false
"""

CALCULUS = r"""
derivative of x^3 => 3*x^2
derivative of x^3 at 2 => 12
second derivative of x^4 => 12*x^2
d/dx x^2 => 2*x
d/dx (x^2 + 3x) => 2*x + 3
\frac{d}{dx} x^2 => 2*x
diff(x^3, x) => 3*x^2
diff(x^3, x, 2) => 6*x
diff(x^2*y, x, y) => 2*x
diff(t^2) => 2*t
D[x^3, x] => 3*x^2
differentiate sin(x)*x with respect to x => x*cos(x) + sin(x)
integrate x^2 => x^3/3
integrate(x^2, x) => x^3/3
∫ 2x dx => x^2
integrate(x^2, x, 0, 1) => 1/3
integrate(x^2, (x, 0, 1)) => 1/3
Integrate[x^2, {x, 0, 1}] => 1/3
integrate x^2 from 0 to 1 => 1/3
integral of x^2 dx from 0 to 3 => 9
integral of sin(x) from 0 to pi => 2
\int_0^1 x^2 \, dx => 1/3
\int_{0}^{\pi} \sin(x) \, dx => 2
integrate e^(-x^2) from -oo to oo => sqrt(pi)
integrate 1/x from 1 to e => 1
integrate |x| from -1 to 1 => 1
integrate x^x from 0 to 1 ~> 0.783430510712134
limit of sin(x)/x as x->0 => 1
limit(sin(x)/x, x, 0) => 1
lim x->0 sin(x)/x => 1
\lim_{x \to 0} \frac{\sin x}{x} => 1
limit of (1+1/n)^n as n approaches infinity => e
limit of 1/x as x->0+ => infinity
limit of 1/x as x approaches 0 from the left => -infinity
series(exp(x), x, 0, 5) => 1 + x + x^2/2 + x^3/6 + x^4/24 + O(x^5)
taylor series of sin(x) around 0 to order 5 => x - x^3/6 + x^5/120 + O(x^6)
sum(k^2, k, 1, 10) => 385
sum of k^2 for k = 1 to 10 => 385
sum(k, k, 1, n) => n*(n + 1)/2
sum(k, k, 1, 10^9) => 500000000500000000
sum(1/k^2, k, 1, oo) => pi^2/6
sum(i, i, 1, 4) => 10
\sum_{i=1}^{10} i^2 => 385
\sum_{n=0}^{\infty} \frac{1}{n!} => e
product(k, k, 1, 5) => 120
2*integrate(x, x, 0, 1) + 1 => 2
"""

UNITS = r"""
5 km/h to m/s => 25/18 m/s
3 ft + 2 in in cm => 2413/25 cm
10 in to cm => 127/5 cm
12 inches to feet => 1 feet
convert 5 miles to km => 25146/3125 km
how many feet in a mile => 5280 feet
how many seconds are in 2 hours => 7200 seconds
5 feet 3 inches to cm => 8001/50 cm
2 hours and 30 minutes in minutes => 150 minutes
100 °C to °F => 212 °F
100 C to F => 212 °F
98.6 F in C => 37 °C
25 celsius to kelvin => 298.15 K | 5963/20 K
-40 °F to °C => -40 °C
convert 100 degrees celsius to fahrenheit => 212 °F
1 GB in MB => 1000 MB
1 GiB to bytes => 1073741824 bytes
1 byte in bits => 8 bits
100 Mbps to MB/s => 25/2 MB/s
1 acre in m^2 => 316160658/78125 m^2
2 cubic meters to liters => 2000 liters
10 sq ft in ft^2 => 10 ft^2
1 kWh to J => 3600000 J
1 atm to Pa => 101325 Pa
60 miles per hour in km/h => 96.56064 km/h | 301752/3125 km/h
1 year in days => 365.25 days | 1461/4 days
1 light year in km => 9460730472580.8 km | 47303652362904/5 km
1/2 km in m => 500 m
1.5 h in minutes => 90 minutes
1 lb in g => 45359237/100000 g
2 cups to ml => 473176473/1000000 ml
100 km / 2 h in km/h => 50 km/h
5 km + 300 m => 53/10 km
10 m / 2 s => 5 m/s
5 N * 3 m => 15 J
10 km / 2000 m => 5
1 mile > 1 km => true
5 km = 5000 m => true
5 km = 5001 m => false
90^\circ in radians => pi/2 rad
"""

WORDS = r"""
what is 12*3 => 36
What's 7 times 8? => 56
calculate 5 plus 3 => 8
please evaluate 3*3 => 9
how much is 20 divided by 4 => 5
five plus three => 8
2 to the power of 8 => 256
3 squared + 4 squared => 25
square root of 16 => 4
square root of 16 + 9 => 13
cube root of 27 => 3
half of 10 => 5
absolute value of -5 => 5
difference between 10 and 4 => 6
remainder of 17 divided by 5 => 2
remainder when 17 is divided by 5 => 2
`2+2` => 4
"2+2" => 4
2+2=? => 4
2+2= => 4
result = 5*5 => 25
Math.sqrt(16) => 4
math.pow(2, 3) => 8
np.sqrt(16)*2 => 8
Rational(1, 3) => 1/3
\frac{1}{2} + \sqrt{9} => 7/2
\sqrt[3]{27} => 3
\log_{2}(8) => 3
\binom{5}{2} => 10
3 \cdot 4 \times 5 => 60
\left(1+2\right)^2 => 9
$x^2 = 9$ => x = -3 or x = 3
\(2 + 2\) => 4
2^{10} => 1024
"""

AREAS = {
    "arithmetic": ARITHMETIC,
    "percent": PERCENT,
    "functions": FUNCTIONS,
    "complex": COMPLEX,
    "integers": INTEGERS,
    "bases": BASES,
    "lists": LISTS,
    "matrices": MATRICES,
    "algebra": ALGEBRA,
    "equations": EQUATIONS,
    "calculus": CALCULUS,
    "units": UNITS,
    "words": WORDS,
}


def lines(mark: str) -> list[Any]:
    """Read the lines of all areas that have this mark between question and answer."""
    return [
        pytest.param(*line.split(f" {mark} ", 1), id=f"{area}: {line.split(f' {mark} ')[0]}")
        for area, table in AREAS.items()
        for line in table
        .strip()
        .replace("\\u2212", "\u2212")
        .replace("\\u00d7", "\u00d7")
        .splitlines()
        if f" {mark} " in line
    ]


@pytest.mark.parametrize(("question", "expected"), lines("=>"))
def test_exact_answers(question: str, expected: str) -> None:
    """A question with an exact answer gets it, and nothing is called approximate."""
    found = answer({"expression": question})

    assert found["exact"] in expected.split(" | ")
    assert not found["approximate"]
    assert found["verified"] is not False


@pytest.mark.parametrize(("question", "expected"), lines("~>"))
def test_approximate_answers(question: str, expected: str) -> None:
    """An answer that had to be rounded is a decimal, says so, and claims no exact form."""
    found = answer({"expression": question})

    assert found["decimal"] == expected
    assert found["exact"] is None
    assert found["approximate"]
    assert found["notes"]


def test_the_tables_are_large() -> None:
    """More than 200 questions over all areas are asked."""
    assert len(lines("=>")) + len(lines("~>")) > 300

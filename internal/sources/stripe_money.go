package sources

import (
	"cmp"
	"encoding/json"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// Currencies whose smallest unit is not a hundredth. Source:
// https://docs.stripe.com/currencies#zero-decimal and #three-decimal. ISK and UGX
// have no hundredths either, but are written with them.
var (
	noDecimals    = []string{"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"}
	threeDecimals = []string{"bhd", "jod", "kwd", "omr", "tnd"}
)

// perUnit is how many of a currency's smallest units are one.
func perUnit(currency string) *big.Rat {
	switch currency = strings.ToLower(currency); {
	case slices.Contains(noDecimals, currency):
		return big.NewRat(1, 1)
	case slices.Contains(threeDecimals, currency):
		return big.NewRat(1000, 1)
	}
	return big.NewRat(100, 1)
}

// rat is a decimal number, or nil. Exponents and long texts are none: nobody
// sends an amount so.
func rat(s string) *big.Rat {
	if s == "" || len(s) > 30 || strings.ContainsAny(s, "eExX/_pP") {
		return nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil
	}
	return r
}

// stripeMoney is an amount in smallest units as our messages write money: in whole
// ones, with two decimals where there are some. nil for what is no amount.
func stripeMoney(minor, currency string) any {
	r := rat(minor)
	if r == nil {
		return nil
	}
	return decimal(r.Quo(r, perUnit(currency)))
}

// decimal rounds to hundredths, half away from zero.
func decimal(r *big.Rat) json.Number {
	s := r.FloatString(2)
	return json.Number(strings.TrimSuffix(s, ".00"))
}

// stripeRecurring sets what the subscription brings in: mrr and arr before
// discounts and taxes, seats, and how it is billed. Of a price whose amount is not
// in the event (tiers, metered use) the revenue is not known, and none is set.
func stripeRecurring(o object, p map[string]any) {
	items := o.list("items", "data")
	month, seats, known := new(big.Rat), int64(0), len(items) > 0
	billing := ""
	for _, it := range items {
		m, _ := it.(map[string]any)
		item := object(m)
		price := item.object("price")
		interval, count, metered := price.text("recurring", "interval"), price.text("recurring", "interval_count"), price.text("recurring", "usage_type") == "metered"
		amount := rat(cmp.Or(price.text("unit_amount_decimal"), price.text("unit_amount")))
		if price == nil { // before prices there were plans
			price = item.object("plan")
			interval, count, metered = price.text("interval"), price.text("interval_count"), price.text("usage_type") == "metered"
			amount = rat(cmp.Or(price.text("amount_decimal"), price.text("amount")))
		}
		n, err := strconv.ParseInt(cmp.Or(item.text("quantity"), "1"), 10, 64)
		months := stripeMonths(interval, count)
		if err != nil || metered || amount == nil || months == nil || price.text("billing_scheme") == "tiered" {
			known = false
			continue
		}
		seats += n
		billing = stripeBilling(billing, interval)
		month.Add(month, amount.Mul(amount, stripeQuantity(price, n)).Quo(amount, months))
	}
	if known {
		month.Quo(month, perUnit(o.text("currency")))
		p["mrr"] = decimal(month)
		p["arr"] = decimal(new(big.Rat).Mul(month, big.NewRat(12, 1)))
	}
	if seats > 0 {
		p["seats"] = json.Number(strconv.FormatInt(seats, 10))
	}
	set(p, "billing", billing)
}

// stripeQuantity is how often the amount is asked: by packages where the price
// says so (transform_quantity).
func stripeQuantity(price object, n int64) *big.Rat {
	by, err := strconv.ParseInt(price.text("transform_quantity", "divide_by"), 10, 64)
	if err != nil || by <= 0 {
		return big.NewRat(n, 1)
	}
	packages := n / by
	if price.text("transform_quantity", "round") == "up" && n%by > 0 {
		packages++
	}
	return big.NewRat(packages, 1)
}

// stripeMonths is how many months a price is for, or nil.
func stripeMonths(interval, count string) *big.Rat {
	n := rat(cmp.Or(count, "1"))
	if n == nil || n.Sign() <= 0 {
		return nil
	}
	switch interval {
	case "month":
		return n
	case "year":
		return n.Mul(n, big.NewRat(12, 1))
	case "week":
		return n.Mul(n, big.NewRat(12, 52))
	case "day":
		return n.Mul(n, big.NewRat(12, 365))
	}
	return nil
}

// stripeBilling is annual or monthly, "" when the items differ or it is neither.
func stripeBilling(before, interval string) string {
	word := map[string]string{"month": "monthly", "year": "annual"}[interval]
	if before == "" || before == word {
		return word
	}
	return ""
}

// stripePlan names what was bought: the first item's price as its maker calls it.
func stripePlan(o object) string {
	for _, it := range o.list("items", "data") {
		m, _ := it.(map[string]any)
		price := object(m).object("price")
		if name := cmp.Or(price.text("lookup_key"), price.text("nickname"), object(m).text("plan", "nickname"), price.text("product"), object(m).text("plan", "product")); name != "" {
			return name
		}
	}
	return o.text("plan", "nickname")
}

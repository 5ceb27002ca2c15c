package shop.events;

import java.time.OffsetDateTime;
import java.util.List;

/** Fills the classes that quicktype made of shop.order.placed.v1.json, and prints one event for each kind of payment. */
public class Fill {
    public static void main(String[] args) throws Exception {
        for (Kind kind : Kind.values()) System.out.println(Converter.toJsonString(order(payment(kind))));
        System.out.println(Converter.toJsonString(order(payment(null))));
    }

    /** Kind null is the one with a token. */
    static Payment payment(Kind kind) {
        Payment payment = new Payment();
        payment.setKind(kind);
        if (kind == null || kind == Kind.TOKEN) payment.setToken("tok_visa");
        if (kind == Kind.CAPTURED || kind == Kind.AUTHORIZED) payment.setReference("pi_1");
        if (kind == Kind.AWAITED) payment.setUntil(OffsetDateTime.parse("2026-11-28T09:00:00+09:00"));
        return payment;
    }

    static OrderPlaced order(Payment payment) {
        Customer customer = new Customer();
        customer.setPhone("010-1234-5678");
        Money total = new Money();
        total.setAmount(14500);
        total.setCurrency("KRW");
        OrderPlacedData data = new OrderPlacedData();
        data.setOrderID("gid://shopify/Order/5");
        data.setCustomer(customer);
        data.setPayment(payment);
        data.setItems(List.of(line("의자 01", 12000, null), line(null, 500, false)));
        data.setCharges(List.of(charge(ChargeKind.SHIPPING, 3000), charge(ChargeKind.DISCOUNT, -1000)));
        data.setTotal(total);
        OrderPlaced order = new OrderPlaced();
        order.setID("e-1");
        order.setSource("/shop/checkout");
        order.setType(Type.SHOP_ORDER_PLACED_V1);
        order.setTime(OffsetDateTime.parse("2026-11-26T09:00:00+09:00"));
        order.setData(data);
        return order;
    }

    static OrderLine line(String sku, long unitPrice, Boolean tracked) {
        OrderLine line = new OrderLine();
        line.setSku(sku);
        line.setQuantity(1);
        line.setUnitPrice(unitPrice);
        line.setTracked(tracked);
        return line;
    }

    static Charge charge(ChargeKind kind, long amount) {
        Charge charge = new Charge();
        charge.setKind(kind);
        charge.setAmount(amount);
        return charge;
    }
}

import type { Template } from '../../contracts/notification.ts';

const texts: Record<'ko' | 'en', Record<Template, (orderId: string) => string>> = {
  en: {
    'order-placed': (id) => `We have received your order ${id} and will confirm it shortly.`,
    'order-delayed': (id) => `Your order ${id} takes longer than usual. We will text you as soon as it is decided.`,
    'order-confirmed': (id) => `Your order ${id} is confirmed. Thank you!`,
    'order-cancelled': (id) =>
      `Your order ${id} was cancelled. You have not been charged, or your money is on its way back.`,
  },
  ko: {
    'order-placed': (id) => `주문 ${id} 접수되었습니다.`,
    'order-delayed': (id) => `주문 ${id} 처리 지연 중입니다. 곧 알려드리겠습니다.`,
    'order-confirmed': (id) => `주문 ${id} 확정되었습니다. 감사합니다.`,
    'order-cancelled': (id) => `주문 ${id} 취소되었습니다. 결제액은 환불됩니다.`,
  },
};

/**
 * Renders a template in Korean for the BCP 47 language `ko`, in English for any other. With an order id of at most 40 characters,
 * each text fits into one SMS segment: 160 GSM-7 or 70 UCS-2 characters.
 */
export function textFor(template: Template, locale: string, orderId: string): string {
  const language = locale.toLowerCase().split('-')[0] === 'ko' ? 'ko' : 'en';
  return texts[language][template](orderId);
}

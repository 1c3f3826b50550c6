/** What enters the workflow bundle. */
export { delivery } from './delivery/delivery';
export { holder } from './holder/holder';
export { lock } from './lock/lock';
export { quarantine } from './quarantine/quarantine';
export { report } from './report/report';
export { task } from './task/task';
